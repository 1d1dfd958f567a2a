#include "handlers/registry.hpp"

#include <algorithm>
#include <iterator>

#include "handlers/event_type.hpp"

namespace couponhook::handlers {

boost::system::result<EventPattern, std::string> EventPattern::parse(std::string_view text) {
  const bool open = text.ends_with('*');
  const std::string_view prefix = text.substr(0, text.size() - (open ? 1 : 0));
  if (text.empty() || !std::all_of(prefix.begin(), prefix.end(), is_event_type_char)) {
    return std::string("a pattern is an event type (COUPON.USE), its beginning followed by * ")
        .append("(COUPON.*), or * alone");
  }
  return EventPattern(std::string(prefix), open);
}

bool EventPattern::matches(std::string_view event_type) const {
  return open_ ? event_type.starts_with(prefix_) : event_type == prefix_;
}

void Registry::add(std::string handler, std::vector<EventPattern> patterns) {
  const auto entry = std::find_if(entries_.begin(), entries_.end(),
                                  [&](const Entry& e) { return e.handler == handler; });
  if (entry == entries_.end()) {
    entries_.push_back({std::move(handler), std::move(patterns)});
    return;
  }
  std::move(patterns.begin(), patterns.end(), std::back_inserter(entry->patterns));
}

std::vector<std::string_view> Registry::match(std::string_view event_type) const {
  std::vector<std::string_view> handlers;
  for (const auto& [handler, patterns] : entries_) {
    const auto matches = [&](const EventPattern& pattern) { return pattern.matches(event_type); };
    if (std::any_of(patterns.begin(), patterns.end(), matches)) handlers.emplace_back(handler);
  }
  return handlers;
}

}  // namespace couponhook::handlers
