#pragma once

/// \file
/// History of the counters, for charts: one row for each counter and minute, and one for each hour.

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "storage/connection.hpp"

namespace couponhook::storage {

/// Lengths of the stored steps, in seconds.
inline constexpr std::int64_t kMinuteS = 60;
inline constexpr std::int64_t kHourS = 3600;

/// Growth of one series since this process last wrote it.
struct HistoryCount {
  std::string series;
  std::int64_t delta = 0;
};

/// Writes the history of the counters: adds to the rows of a minute and of its hour. Several
/// replicas add to the same rows.
///
/// The totals of the store (stored, duplicates and so on) are written as the difference to what the
/// history already has, which the same transaction records. So the history of a total adds up to
/// the total, even if this function runs often, in several replicas, or after a crash. Differences
/// belong to the minute of the last call, so call this function at the start, at each beginning of
/// a minute, and at the end of a service. \param counted counts of this process that are not in the
/// store. \param counted_at_ms time that tells the minute of `counted`. \param now_ms the present
/// time. Times are milliseconds since the Unix epoch. \param is_settled set to true if `counted`
/// must not be written again: it was written, or the
///   commit failed with an unknown result, so that writing it again might count it twice.
[[nodiscard]] Connection::Result<void> write_history(Connection& connection,
                                                     std::span<const HistoryCount> counted,
                                                     std::int64_t counted_at_ms,
                                                     std::int64_t now_ms, bool& is_settled);

/// Deletes the history before a time, in seconds since the Unix epoch.
/// \param step_s which steps: kMinuteS or kHourS.
[[nodiscard]] Connection::Result<void> delete_history(Connection& connection, std::int64_t step_s,
                                                      std::int64_t before_s);

/// A total of the store that has a history, and the name of its series for readers.
struct HistoryTotal {
  std::string_view counter;  ///< name of the total, and of its series in the store
  std::string_view series;   ///< name of the series in replies
};
/// \return the totals of the store that have a history.
[[nodiscard]] std::span<const HistoryTotal> history_totals();

/// Name under which the table history_marks has the time of the last write_history(), in
/// milliseconds since the Unix epoch.
inline constexpr std::string_view kHistoryWrittenAt = "written_at";

}  // namespace couponhook::storage
