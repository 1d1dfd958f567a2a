#include "sandbox/call.hpp"

namespace couponhook::server::sandbox {
namespace {

bool fits(const std::vector<std::string>& pattern, const std::vector<std::string>& segments,
          std::vector<std::string>& places) {
  places.clear();
  if (pattern.size() != segments.size()) return false;
  for (std::size_t i = 0; i < pattern.size(); ++i) {
    if (pattern[i] == "*") {
      places.push_back(segments[i]);
    } else if (pattern[i] != segments[i]) {
      return false;
    }
  }
  return true;
}

}  // namespace

void Routes::add(std::string method, std::string_view pattern, Handler handler) {
  auto target = base::parse_request_target(pattern);
  routes_.push_back({std::move(method), std::move(target.value().segments), std::move(handler)});
}

Routes::Match Routes::find(std::string_view method, const base::RequestTarget& target) const {
  Match match;
  for (const Route& route : routes_) {
    std::vector<std::string> places;
    if (!fits(route.pattern, target.segments, places)) continue;
    if (route.method == method) return {&route.handler, std::move(places), {}};
    if (!match.allow.empty()) match.allow += ", ";
    match.allow += route.method;
  }
  return match;
}

}  // namespace couponhook::server::sandbox
