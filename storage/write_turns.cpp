#include "storage/write_turns.hpp"

#include <algorithm>

namespace couponhook::storage {

bool WriteTurns::take(std::chrono::milliseconds patience) {
  std::unique_lock lock(mutex_);
  if (!taken_) {
    taken_ = true;
    return true;
  }
  Waiting self;
  line_.push_back(&self);
  if (self.called.wait_for(lock, patience, [&] { return self.has_turn; })) return true;
  std::erase(line_, &self);
  return false;
}

void WriteTurns::give_back() {
  const std::lock_guard lock(mutex_);
  if (line_.empty()) {
    taken_ = false;
    return;
  }
  // Handed over, so that whoever comes by at this moment cannot take it instead.
  Waiting* next = line_.front();
  line_.pop_front();
  next->has_turn = true;
  // With the mutex held: the one that is called may be gone as soon as it can be had.
  next->called.notify_one();
}

}  // namespace couponhook::storage
