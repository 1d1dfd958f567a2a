#pragma once

/// \file
/// Rate limit for log lines, so that one repeated problem cannot fill the log.

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace couponhook::server {

/// Rate limit for log lines that have the same cause, such as "the store fails". Several lines of a
/// cause may come at once (a burst), then one line a second; further lines are suppressed and
/// counted. Without this limit, a failing database, an unreachable target or a stranger's requests
/// would write one line for each request. The caller passes the time. Not thread-safe.
class LineLimit {
 public:
  using TimePoint = std::chrono::steady_clock::time_point;

  /// Number of causes of log lines that are remembered at a time. If there are more causes, the
  /// cause whose last line is the oldest is forgotten.
  static constexpr std::size_t kCausesMax = 256;
  /// Time without a new log line of a cause after which the number of its suppressed lines is
  /// reported in a line of its own.
  static constexpr std::chrono::seconds kQuiet{10};

  /// Number of suppressed log lines of one cause that no log line has reported yet.
  struct Suppressed {
    std::string cause;
    std::uint64_t count = 0;
  };

  /// Decides whether one log line is written or suppressed.
  /// \param cause the reason for the line: the same text for all lines that share one limit.
  /// \param burst number of lines that may come at once after a quiet time; at least 1.
  /// \return nothing if the line must be suppressed; otherwise the number of lines of this cause
  /// that were suppressed since its last line.
  [[nodiscard]] std::optional<std::uint64_t> admit(std::string_view cause, int burst,
                                                   TimePoint now);

  /// Undoes admit() for a log line that was permitted but not written. The next line of the same
  /// cause may then be written instead, and reports the number of suppressed lines.
  void take_back(std::string_view cause, std::uint64_t count);

  /// Returns the numbers of suppressed log lines that must be reported now, because their cause had
  /// no new line for kQuiet. Returns nothing if the last call of this function was less than a
  /// second ago.
  [[nodiscard]] std::vector<Suppressed> take_overdue(TimePoint now);
  /// Returns all numbers of suppressed log lines that are not reported yet. Called at the end of
  /// the process.
  [[nodiscard]] std::vector<Suppressed> take_all();

 private:
  struct Cause {
    /// Number of log lines of this cause that may still come at once; grows by one a second.
    double lines_left = 0;
    TimePoint counted_at{};
    TimePoint logged_at{};
    std::uint64_t suppressed = 0;
  };

  void forget_one();

  std::unordered_map<std::string, Cause> causes_;
  /// Numbers of suppressed lines of causes that were forgotten, not reported yet.
  std::vector<Suppressed> forgotten_;
  TimePoint looked_at_{};
};

}  // namespace couponhook::server
