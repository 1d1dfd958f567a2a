#pragma once

/// \file
/// Queue of the connections that wait for their turn to write to one SQLite file.

#include <array>
#include <chrono>
#include <condition_variable>
#include <deque>
#include <mutex>

#include "storage/writer_role.hpp"

namespace couponhook::storage {

/// Gives the connections to one SQLite file turns to write. SQLite lets one connection write at a
/// time. With SQLite alone, the other connections sleep and try again, and sleep longer the longer
/// they have waited, so that the connection that writes most often starves the rest. This class
/// queues the writers instead, and wakes the next writer at once. Thread-safe.
///
/// Writers that store notifications go first; the other roles follow in the order of WriterRole. A
/// writer that has waited longer than overdue_after goes before the writers of all roles except
/// those that store notifications. So only the storing of notifications can starve other roles. It
/// does not in practice: one writer stores notifications, and that writer leaves the queue while it
/// reports what it has committed.
class WriteTurns {
 public:
  /// Makes an empty queue of writers.
  /// \param overdue_after a writer that has waited this long goes before all others, except for
  /// those that store notifications.
  explicit WriteTurns(std::chrono::milliseconds overdue_after = std::chrono::milliseconds(500))
      : overdue_after_(overdue_after) {}

  /// Waits for the caller's turn to write. The turn lasts until give_back().
  /// \return false if the turn did not come within `timeout`.
  [[nodiscard]] bool take(WriterRole role, std::chrono::milliseconds timeout);
  void give_back();

 private:
  using Clock = std::chrono::steady_clock;

  struct Waiting {
    std::condition_variable called;
    Clock::time_point since;
    bool has_turn = false;
  };
  using Line = std::deque<Waiting*>;

  // The functions below may be called only while the mutex is held.
  [[nodiscard]] Line& line_of(WriterRole role) { return lines_[static_cast<std::size_t>(role)]; }
  [[nodiscard]] Line* next_line();

  const std::chrono::milliseconds overdue_after_;
  std::mutex mutex_;
  bool taken_ = false;
  std::array<Line, kWriterRoles> lines_;
};

}  // namespace couponhook::storage
