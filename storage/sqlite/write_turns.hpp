#pragma once

/// \file
/// The line of those who want to write to one file.

#include <array>
#include <chrono>
#include <condition_variable>
#include <deque>
#include <mutex>

#include "storage/writer_role.hpp"

namespace couponhook::storage {

/// SQLite lets one connection write at a time; the others sleep and try again, for longer the
/// longer they have waited, so that the most frequent writer starves the rest. Here they stand in
/// line instead, and the next one is woken at once. Thread-safe.
///
/// Admissions go first, and the other roles follow in their order. A writer that has waited for
/// long goes before all but admissions: no role but that of admissions can starve another, and
/// there is one writer of admissions, which is not in line while it tells of what it has committed.
class WriteTurns {
 public:
  /// \param overdue_after the wait after which roles count no more, but for admissions.
  explicit WriteTurns(std::chrono::milliseconds overdue_after = std::chrono::milliseconds(500))
      : overdue_after_(overdue_after) {}

  /// Waits for this caller's turn, which lasts until give_back(). False where it did not come in
  /// time.
  [[nodiscard]] bool take(WriterRole role, std::chrono::milliseconds patience);
  void give_back();

 private:
  using Clock = std::chrono::steady_clock;

  struct Waiting {
    std::condition_variable called;
    Clock::time_point since;
    bool has_turn = false;
  };
  using Line = std::deque<Waiting*>;

  // With the mutex held:
  [[nodiscard]] Line& line_of(WriterRole role) { return lines_[static_cast<std::size_t>(role)]; }
  [[nodiscard]] Line* next_line();

  const std::chrono::milliseconds overdue_after_;
  std::mutex mutex_;
  bool taken_ = false;
  std::array<Line, kWriterRoles> lines_;
};

}  // namespace couponhook::storage
