#pragma once

/// \file
/// Types and helpers for the routes of the status endpoint. A route connects an HTTP method and a
/// path pattern with the function that answers the request.

#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "server/admin/audit_trail.hpp"
#include "server/net/http_message.hpp"
#include "server/net/routes.hpp"

namespace couponhook::server {

/// A request to the status endpoint, in the form in which a route's function receives the request.
/// The referenced objects must outlive the call.
struct AdminCall {
  const Request& request;
  const base::RequestTarget& target;
  /// Segments of the request's path that match the "*" of the route's pattern, in order.
  const std::vector<std::string>& path_parameters;
  /// Sender of the request; empty on the paths that need no token.
  const Operator& by;
};

using AdminHandler = std::function<Task<Reply>(const AdminCall& call)>;
using AdminRoutes = Routes<AdminHandler>;

/// Makes a task that returns this reply without waiting.
[[nodiscard]] inline Task<Reply> ready_reply(Reply reply) {
  co_return reply;
}

/// Makes a route's handler from a function that replies without waiting. The handler itself is not
/// a coroutine. So no coroutine can use the captured variables of the function after they were
/// destroyed.
template <typename Answer>
[[nodiscard]] AdminHandler at_once(Answer answer) {
  return [answer = std::move(answer)](const AdminCall& call) { return ready_reply(answer(call)); };
}

/// Adds a route for GET requests, and the same route for HEAD requests, whose reply is sent without
/// its body.
inline void add_get(AdminRoutes& routes, std::string_view pattern, const AdminHandler& handler) {
  routes.add("GET", pattern, handler);
  routes.add("HEAD", pattern, handler);
}

}  // namespace couponhook::server
