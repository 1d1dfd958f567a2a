#pragma once

/// \file
/// A result that a coroutine waits for and that another part of the program sets.

#include <optional>

#include "server/net/task.hpp"

namespace couponhook::server {

/// Result of an operation, for one waiting coroutine. Use this object only on the executor's
/// thread. The result may come before, during or after wait().
template <typename T>
class ResultWait {
 public:
  explicit ResultWait(const Executor& executor) : executor_(executor) {}

  /// Sets the result and wakes the waiting coroutine.
  void finish(T result) {
    result_ = result;
    if (timer_ != nullptr) timer_->cancel();
  }

  [[nodiscard]] bool is_finished() const { return result_.has_value(); }

  /// Waits for the result until a deadline.
  /// \return nothing if the deadline passed first; the result may still come later.
  Task<std::optional<T>> wait(SteadyClock::time_point deadline) {
    if (result_) co_return result_;
    Timer timer(executor_);
    timer.expires_at(deadline);
    timer_ = &timer;
    co_await timer.async_wait(use_task);
    timer_ = nullptr;
    co_return result_;
  }

 protected:
  ~ResultWait() = default;

  Executor executor_;

 private:
  std::optional<T> result_;
  Timer* timer_ = nullptr;
};

}  // namespace couponhook::server
