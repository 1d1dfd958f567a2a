#pragma once

/// \file
/// Routing table: from the method and path of a request to its handler.

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/url.hpp"

namespace couponhook::server {

/// Finds the handler for the method and the path of a request. All calls of add() must come first;
/// afterwards the table does not change and is thread-safe.
template <typename Handler>
class Routes {
 public:
  /// Adds a route to the table.
  /// \param pattern a path in which "*" matches any one segment (the text between two slashes).
  void add(std::string method, std::string_view pattern, Handler handler) {
    auto target = base::parse_request_target(pattern);
    routes_.push_back({std::move(method), std::move(target.value().segments), std::move(handler)});
  }

  struct Match {
    /// The handler of the request; null if no route fits the request.
    const Handler* handler = nullptr;
    std::vector<std::string>
        path_parameters;  ///< the path segments that the "*" of the route matched
    std::string allow;    ///< the methods that the path supports; empty if the path is unknown
  };
  /// Returns the first route that fits the request, in the order in which the routes were added.
  /// If a route without "*" has the path of the request, later routes with "*" do not count: GET
  /// /deliveries/retry is not the delivery with the id "retry".
  [[nodiscard]] Match find(std::string_view method, const base::RequestTarget& target) const {
    Match match;
    bool is_literal = false;
    for (const Route& route : routes_) {
      std::vector<std::string> path_parameters;
      if (!fits(route.pattern, target.segments, path_parameters)) continue;
      if (is_literal && !path_parameters.empty()) continue;
      is_literal = path_parameters.empty();
      if (route.method == method) return {&route.handler, std::move(path_parameters), {}};
      if (!match.allow.empty()) match.allow += ", ";
      match.allow += route.method;
    }
    return match;
  }

 private:
  struct Route {
    std::string method;
    std::vector<std::string> pattern;
    Handler handler;
  };

  static bool fits(const std::vector<std::string>& pattern,
                   const std::vector<std::string>& segments,
                   std::vector<std::string>& path_parameters) {
    if (pattern.size() != segments.size()) return false;
    for (std::size_t i = 0; i < pattern.size(); ++i) {
      if (pattern[i] == "*") {
        path_parameters.push_back(segments[i]);
      } else if (pattern[i] != segments[i]) {
        return false;
      }
    }
    return true;
  }

  std::vector<Route> routes_;
};

}  // namespace couponhook::server
