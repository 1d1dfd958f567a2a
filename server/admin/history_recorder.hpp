#pragma once

/// \file
/// Writes the counters of this process into the history of the store, once a minute, for charts.

#include <array>
#include <cstdint>
#include <mutex>
#include <string>
#include <vector>

#include "base/clock.hpp"
#include "server/receive/reply_counters.hpp"
#include "storage/connection.hpp"
#include "storage/history.hpp"

namespace couponhook::server {

/// Series of the history that each process counts in memory.
namespace series {
inline constexpr std::string_view kRefused = "refused";
inline constexpr std::string_view kProbes = "probes";
/// Beginning of the names of the classes of reply times of acknowledged notifications. The upper
/// bound in microseconds follows, or "more". The database holds these texts: never change them.
inline constexpr std::string_view kAckTimePrefix = "ack_us:";
}  // namespace series

/// Number of classes of reply times.
inline constexpr std::size_t kAckClasses = kReplyTimeBounds.size() + 1;
/// \return the name of the series of one class of reply times.
[[nodiscard]] const std::string& ack_series(std::size_t place);

/// Counts of this process that are not written into the history yet.
struct UnwrittenHistory {
  std::uint64_t writes = 0;   ///< number of writes so far; changes when these counts are written
  std::int64_t since_ms = 0;  ///< time of the last write, milliseconds since the Unix epoch
  std::vector<storage::HistoryCount> counts;
};

/// Writes the history from the counters in memory. A crash loses the counts of at most a minute,
/// and no count is written twice. Thread-safe; only one thread at a time may call write().
class HistoryRecorder {
 public:
  /// \param counters must outlive this object.
  HistoryRecorder(const ReplyCounters& counters, base::WallClock clock);
  HistoryRecorder(const HistoryRecorder&) = delete;
  HistoryRecorder& operator=(const HistoryRecorder&) = delete;

  /// Returns true if a minute has begun since the last call of write().
  [[nodiscard]] bool is_due() const;
  /// Writes what was counted since the last write. After a failure, the next call writes it.
  [[nodiscard]] storage::Connection::Result<void> write(storage::Connection& connection);

  [[nodiscard]] UnwrittenHistory unwritten() const;

 private:
  using Values = std::array<std::uint64_t, kAckClasses + 2>;

  [[nodiscard]] Values counted() const;
  [[nodiscard]] std::vector<storage::HistoryCount> since_written(const Values& values) const;
  [[nodiscard]] std::int64_t now_ms() const { return base::to_unix_ms(clock_()); }

  const ReplyCounters& counters_;
  const base::WallClock clock_;
  mutable std::mutex mutex_;  ///< guards the members below
  Values written_{};
  std::uint64_t writes_ = 0;
  std::int64_t since_ms_;
  std::int64_t tried_ms_ = 0;
};

}  // namespace couponhook::server
