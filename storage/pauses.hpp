#pragma once

/// \file
/// Checks whether a pause that an operator has set holds back a delivery.

#include <string_view>

#include "storage/records.hpp"

namespace couponhook::storage {

/// Returns true if the event type of a notification matches the pattern of a pause.
/// \param pattern an event type, or the beginning of one followed by *; empty matches every type.
[[nodiscard]] inline bool matches_event(std::string_view pattern, std::string_view event_type) {
  if (pattern.empty()) return true;
  if (!pattern.ends_with('*')) return event_type == pattern;
  pattern.remove_suffix(1);
  return event_type.starts_with(pattern);
}

/// Returns true if the pause is active and holds back deliveries of this event type to this
/// handler.
[[nodiscard]] inline bool holds_back(const PauseRecord& pause, std::string_view handler,
                                     std::string_view event_type) {
  return !pause.resumed_at_ms && (pause.handler.empty() || pause.handler == handler) &&
         matches_event(pause.event_pattern, event_type);
}

}  // namespace couponhook::storage
