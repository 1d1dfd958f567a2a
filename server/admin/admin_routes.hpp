#pragma once

/// \file
/// Routes of the status endpoint.

#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "server/net/http_message.hpp"
#include "server/net/routes.hpp"

namespace couponhook::server {

/// A request to the status endpoint. The references must outlive the call.
struct AdminCall {
  const Request& request;
  const base::RequestTarget& target;
  const std::vector<std::string>& places;  ///< path segments that the route's "*" matched
};

using AdminHandler = std::function<Task<Reply>(const AdminCall& call)>;
using AdminRoutes = Routes<AdminHandler>;

/// Makes a handler of a function that replies without waiting.
template <typename Answer>
[[nodiscard]] AdminHandler at_once(Answer answer) {
  return [answer = std::move(answer)](const AdminCall& call) -> Task<Reply> {
    co_return answer(call);
  };
}

/// Adds a route for GET, and the same for HEAD, whose reply is sent without its body.
inline void add_get(AdminRoutes& routes, std::string_view pattern, const AdminHandler& handler) {
  routes.add("GET", pattern, handler);
  routes.add("HEAD", pattern, handler);
}

}  // namespace couponhook::server
