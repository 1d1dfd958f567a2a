#pragma once

/// \file
/// Log lines about requests for unknown paths and about evicted connections, limited so that no
/// client can fill the log.

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <map>
#include <mutex>
#include <string>

#include "base/clock.hpp"
#include "server/log/log.hpp"

namespace couponhook::server {

/// Writes at most one line a minute for each path and verdict. It remembers kPathsMax paths;
/// requests for all other paths share one line a minute. Thread-safe.
class RefusalLog {
 public:
  /// Number of paths that have a limit of their own.
  static constexpr std::size_t kPathsMax = 32;
  /// Shortest time between two lines with the same path and verdict.
  static constexpr std::chrono::seconds kSilence{60};

  explicit RefusalLog(Log& log) : log_(log) {}

  /// Counts a refused request, and logs it if a line is due.
  /// \param line its views need not outlive the call; `more` is overwritten.
  void note(const RefusalLine& line, SteadyClock::time_point now);
  /// Counts connections that were closed to make room for new ones, and logs them if a line is due.
  void note_evictions(std::size_t connections, SteadyClock::time_point now);

 private:
  /// When a line was last written, and what was suppressed since then.
  struct Told {
    SteadyClock::time_point at = SteadyClock::time_point::min();
    std::uint64_t since = 0;  ///< requests or connections since then
  };
  /// Decides whether to write a line now.
  /// \param untold set to the number of suppressed requests or connections when a line is due.
  /// \return true if a line is due.
  static bool is_due(Told& told, std::uint64_t count, SteadyClock::time_point now,
                     std::uint64_t& untold);
  Told& remember(const RefusalLine& line, SteadyClock::time_point now);

  Log& log_;
  std::mutex mutex_;
  // Guarded by mutex_:
  std::map<std::string, Told, std::less<>> by_path_;
  Told others_;
  Told evictions_;
};

}  // namespace couponhook::server
