#include "storage/sqlite/write_turns.hpp"

#include <algorithm>

namespace couponhook::storage {

bool WriteTurns::take(WriterRole role, std::chrono::milliseconds timeout) {
  std::unique_lock lock(mutex_);
  if (!taken_) {
    taken_ = true;
    return true;
  }
  Waiting self;
  self.since = Clock::now();
  Line& line = line_of(role);
  line.push_back(&self);
  if (self.called.wait_for(lock, timeout, [&] { return self.has_turn; })) return true;
  std::erase(line, &self);
  return false;
}

void WriteTurns::give_back() {
  const std::lock_guard lock(mutex_);
  Line* const line = next_line();
  if (line == nullptr) {
    taken_ = false;
    return;
  }
  // The turn to write is given directly to the next waiting writer, so that another caller of
  // take() cannot take the turn before that writer.
  Waiting* next = line->front();
  line->pop_front();
  next->has_turn = true;
  // Notify with the mutex held: once the mutex is free, the waiting writer may return and destroy
  // its condition variable `called`.
  next->called.notify_one();
}

/// \return the queue whose first writer has the next turn; null if no writer waits.
WriteTurns::Line* WriteTurns::next_line() {
  if (Line& admissions = line_of(WriterRole::kAdmissions); !admissions.empty()) return &admissions;
  Line* first = nullptr;
  Line* longest = nullptr;
  for (Line& line : lines_) {
    if (line.empty()) continue;
    if (first == nullptr) first = &line;
    if (longest == nullptr || line.front()->since < longest->front()->since) longest = &line;
  }
  if (longest == nullptr) return nullptr;
  return Clock::now() - longest->front()->since >= overdue_after_ ? longest : first;
}

}  // namespace couponhook::storage
