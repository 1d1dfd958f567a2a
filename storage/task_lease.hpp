#pragma once

/// \file
/// Lease on a periodic task, such as retention, so that only one replica at a time does the task.

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

#include "storage/connection.hpp"

namespace couponhook::storage {

/// Lease on a periodic task: a database row with the current owner of the task and the end of the
/// lease. The lease avoids double work. It does not guarantee exclusion, because the clocks of
/// replicas differ: a task that must never run twice needs another guard.
class TaskLease {
 public:
  template <typename T>
  using Result = Connection::Result<T>;

  /// Makes an object that takes and ends the lease on one periodic task.
  /// \param task name of the task; the text must live as long as this object.
  /// \param owner name of the process, different for each process.
  /// \param length time after which the lease ends unless it is extended.
  TaskLease(std::string_view task, std::string owner, std::chrono::milliseconds length)
      : task_(task), owner_(std::move(owner)), length_ms_(length.count()) {}

  /// Takes the lease on the task, or extends it. To save writes, the lease is extended only after
  /// half of its time has passed.
  /// \return true if this owner holds the lease on the task.
  [[nodiscard]] Result<bool> take(Connection& connection, std::int64_t now_ms);
  /// Ends the lease on the task, so that another replica can take it at once.
  [[nodiscard]] Result<void> end(Connection& connection);

 private:
  const std::string_view task_;
  const std::string owner_;
  const std::int64_t length_ms_;
  std::int64_t held_until_ms_ = 0;
};

}  // namespace couponhook::storage
