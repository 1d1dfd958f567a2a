#pragma once

/// \file
/// Rate limit for log lines: one cause cannot fill the log.

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace couponhook::server {

/// Rate limit for log lines with the same cause. It admits a first burst, then one line a second,
/// and counts the suppressed lines. Without it, a failing store, an unreachable target or a
/// stranger's requests would write one line for each request. The caller passes the time. Not
/// thread-safe.
class LineLimit {
 public:
  using TimePoint = std::chrono::steady_clock::time_point;

  /// Number of causes that are remembered at a time. When there are more, the cause with the oldest
  /// line is forgotten.
  static constexpr std::size_t kCausesMax = 256;
  /// When a cause has no new line for this time, its count of suppressed lines gets a line of its
  /// own.
  static constexpr std::chrono::seconds kQuiet{10};

  /// Number of suppressed lines of one cause that no log line has reported yet.
  struct Suppressed {
    std::string cause;
    std::uint64_t count = 0;
  };

  /// Decides about one line.
  /// \param cause text that is the same for lines that say the same.
  /// \param burst number of lines that may come at once after a quiet time; at least 1.
  /// \return nothing when the line must be suppressed; else the number of lines of this cause that
  ///   were suppressed since its last line.
  [[nodiscard]] std::optional<std::uint64_t> admit(std::string_view cause, int burst,
                                                   TimePoint now);

  /// Undoes admit() for a line that was admitted but not written: the next line may use its place
  /// and reports its count.
  void take_back(std::string_view cause, std::uint64_t count);

  /// Counts that need a line of their own now, because their cause was quiet for kQuiet. Returns
  /// counts once a second at most.
  [[nodiscard]] std::vector<Suppressed> take_quiet(TimePoint now);
  /// All counts that are left, for the end of the process.
  [[nodiscard]] std::vector<Suppressed> take_all();

 private:
  struct Cause {
    double lines_left = 0;  ///< lines that may still come at once; grows by one a second
    TimePoint counted_at{};
    TimePoint told_at{};
    std::uint64_t suppressed = 0;
  };

  void forget_one();

  std::unordered_map<std::string, Cause> causes_;
  std::vector<Suppressed> forgotten_;  ///< counts of forgotten causes, not reported yet
  TimePoint looked_at_{};
};

}  // namespace couponhook::server
