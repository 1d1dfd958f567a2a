#pragma once

/// \file
/// A shared value that one thread replaces while other threads read it.

#include <memory>
#include <mutex>
#include <utility>

namespace couponhook::base {

/// Shared pointer to the current version of a value that never changes, for example the set of
/// WeChat Pay's public keys. A reload of the configuration replaces the whole value; threads that
/// still read the old version keep it until they finish. Thread-safe.
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
  // A mutex protects the pointer, and not std::atomic<std::shared_ptr>, because TSan (the detector
  // of data races) reports a false data race for std::atomic<std::shared_ptr> with GCC 12.
  mutable std::mutex mutex_;
  std::shared_ptr<const T> value_;
};

}  // namespace couponhook::base
