#pragma once

/// \file
/// A shared value that one thread replaces while other threads read it.

#include <memory>
#include <mutex>
#include <utility>

namespace couponhook::base {

/// Shared pointer to the current version of an immutable value, for example the set of platform
/// keys. A reload replaces the whole value, while readers keep the version that they have.
/// Thread-safe.
template <typename T>
class Live {
 public:
  explicit Live(std::shared_ptr<const T> value) : value_(std::move(value)) {}

  [[nodiscard]] std::shared_ptr<const T> get() const {
    const std::lock_guard lock(mutex_);
    return value_;
  }
  void set(std::shared_ptr<const T> value) {
    const std::lock_guard lock(mutex_);
    value_.swap(value);
  }

 private:
  // Used instead of std::atomic<std::shared_ptr>, for which GCC 12's TSan reports a data race.
  mutable std::mutex mutex_;
  std::shared_ptr<const T> value_;
};

}  // namespace couponhook::base
