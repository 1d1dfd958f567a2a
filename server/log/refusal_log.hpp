#pragma once

/// \file
/// Log lines about requests for unknown paths and about evicted connections, limited so that no
/// client can fill the log.

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <mutex>
#include <string>

#include "base/clock.hpp"
#include "server/log/log.hpp"

namespace couponhook::server {

/// Writes log lines about refused requests: at most one line a minute for each URL path and verdict
/// (reason for the refusal). kPathsMax paths are remembered; requests for all other paths share one
/// line a minute. Thread-safe.
class RefusalLog {
 public:
  /// Number of URL paths that have a rate limit of their own; all other paths share one rate limit.
  static constexpr std::size_t kPathsMax = 32;
  /// Shortest time between two log lines with the same URL path and the same verdict (reason for
  /// the refusal).
  static constexpr std::chrono::seconds kSilence{60};

  explicit RefusalLog(Log& log) : log_(log) {}

  /// Counts a refused request. Writes a log line if the last line about the same URL path and
  /// verdict is older than kSilence.
  /// \param line the texts that its views refer to need not outlive the call; its members `more` and
  ///   `advice` are overwritten.
  /// \param advise function that returns advice for the operator; called only if a line is written.
  void note(const RefusalLine& line, SteadyClock::time_point now,
            const std::function<std::string()>& advise = nullptr);
  /// Counts connections that were closed to make room for new connections. Writes a log line about
  /// them if the last such line is older than kSilence.
  void note_evictions(std::size_t connections, SteadyClock::time_point now);

 private:
  /// Time of the last log line about one URL path and verdict, and the number of requests that were
  /// not logged since then.
  struct LineHistory {
    SteadyClock::time_point at = SteadyClock::time_point::min();
    /// Number of refused requests, or of closed connections, since the last log line.
    std::uint64_t since = 0;
  };
  /// Decides whether to write a log line now: true if the last line is older than kSilence.
  /// \param suppressed if the function returns true, it stores here the number of requests or
  ///   connections that were not logged since the last line.
  /// \return true if the line must be written.
  static bool is_due(LineHistory& history, std::uint64_t count, SteadyClock::time_point now,
                     std::uint64_t& suppressed);
  LineHistory& remember(const RefusalLine& line, SteadyClock::time_point now);

  Log& log_;
  std::mutex mutex_;
  // The lock `mutex_` guards the members below.
  std::map<std::string, LineHistory, std::less<>> by_path_;
  LineHistory others_;
  LineHistory evictions_;
};

}  // namespace couponhook::server
