#pragma once

/// \file
/// Queue of the connections that want to write to one SQLite file.

#include <array>
#include <chrono>
#include <condition_variable>
#include <deque>
#include <mutex>

#include "storage/writer_role.hpp"

namespace couponhook::storage {

/// SQLite lets one connection write at a time. The other connections sleep and try again, and sleep
/// longer the longer they have waited, so the most frequent writer starves the others. This class
/// queues the writers instead, and wakes the next writer at once. Thread-safe.
///
/// Admissions go first; the other roles follow in the order of WriterRole. A writer that has waited
/// longer than overdue_after goes before all roles but admissions, so only admissions can starve
/// other roles. They do not in practice: there is one writer of admissions, and it leaves the queue
/// while it reports what it has committed.
class WriteTurns {
 public:
  /// \param overdue_after a writer that has waited this long no longer gives way to higher roles,
  /// except to admissions.
  explicit WriteTurns(std::chrono::milliseconds overdue_after = std::chrono::milliseconds(500))
      : overdue_after_(overdue_after) {}

  /// Waits for this caller's turn. The turn lasts until give_back().
  /// \return false if the turn did not come within `patience`.
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

  // The functions below need the mutex held:
  [[nodiscard]] Line& line_of(WriterRole role) { return lines_[static_cast<std::size_t>(role)]; }
  [[nodiscard]] Line* next_line();

  const std::chrono::milliseconds overdue_after_;
  std::mutex mutex_;
  bool taken_ = false;
  std::array<Line, kWriterRoles> lines_;
};

}  // namespace couponhook::storage
