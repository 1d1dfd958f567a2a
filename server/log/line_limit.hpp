#pragma once

/// \file
/// Keeps one cause from filling the log.

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace couponhook::server {

/// Of the lines of one cause, lets through the first few and then one a second, and counts the
/// others. A store that fails, a target that is down or a stranger who knocks gives a line for each
/// request otherwise. Knows no clock. Not thread-safe.
class LineLimit {
 public:
  using TimePoint = std::chrono::steady_clock::time_point;

  /// Causes that are remembered at a time; with more, the one is forgotten that was told longest
  /// ago.
  static constexpr std::size_t kCausesMax = 256;
  /// A count that no later line of its cause has told is told by itself after so long.
  static constexpr std::chrono::seconds kQuiet{10};

  /// Lines that were suppressed, and have not been told of.
  struct Suppressed {
    std::string cause;
    std::uint64_t count = 0;
  };

  /// \param cause whatever makes two lines say the same.
  /// \param burst how many lines may come at once, after a time without any: at least 1.
  /// \return nothing where the line is to be suppressed; else how many were since the last one.
  [[nodiscard]] std::optional<std::uint64_t> admit(std::string_view cause, int burst,
                                                   TimePoint now);

  /// A line that was let through has not been written after all: gives its place and its count
  /// back.
  void take_back(std::string_view cause, std::uint64_t count);

  /// Counts that are due to be told by themselves, as often as once a second.
  [[nodiscard]] std::vector<Suppressed> take_quiet(TimePoint now);
  /// All counts, at the end.
  [[nodiscard]] std::vector<Suppressed> take_all();

 private:
  struct Cause {
    double lines_left = 0;  ///< of the burst; grows by one a second
    TimePoint counted_at{};
    TimePoint told_at{};
    std::uint64_t suppressed = 0;
  };

  void forget_one();

  std::unordered_map<std::string, Cause> causes_;
  std::vector<Suppressed> forgotten_;  ///< counts of causes that had to go
  TimePoint looked_at_{};
};

}  // namespace couponhook::server
