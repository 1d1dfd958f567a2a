#pragma once

/// \file
/// Writers of one file, one after the other.

#include <chrono>
#include <condition_variable>
#include <deque>
#include <mutex>

namespace couponhook::storage {

/// SQLite lets one connection write at a time; the others sleep and try again, for longer the
/// longer they have waited, so that whoever writes most often starves the rest. Here they stand in
/// line instead, and the next one is woken at once. Thread-safe.
class WriteTurns {
 public:
  /// Waits for this caller's turn, which lasts until give_back(). False where it did not come in
  /// time.
  [[nodiscard]] bool take(std::chrono::milliseconds patience);
  void give_back();

 private:
  struct Waiting {
    std::condition_variable called;
    bool has_turn = false;
  };

  std::mutex mutex_;
  bool taken_ = false;
  std::deque<Waiting*> line_;
};

}  // namespace couponhook::storage
