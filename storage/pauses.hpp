#pragma once

/// \file
/// Reads the pauses that operators have set, and checks whether a pause holds back a delivery.

#include <string_view>
#include <vector>

#include "storage/records.hpp"
#include "storage/rows.hpp"

namespace couponhook::storage {

/// \return the operators' pauses in the result rows of the SQL statement sql::kPauses. Moves the
/// texts out of `rows`.
[[nodiscard]] inline std::vector<PauseRecord> pauses_from(Rows& rows) {
  std::vector<PauseRecord> pauses;
  for (Row& row : rows) {
    pauses.push_back({.pause_id = integer(row[0]),
                      .handler = take_text(row[1]),
                      .event_pattern = take_text(row[2]),
                      .reason = take_text(row[3]),
                      .created_by = take_text(row[6]),
                      .created_at_ms = integer(row[4]),
                      .resumed_at_ms = optional_integer(row[5])});
  }
  return pauses;
}

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
