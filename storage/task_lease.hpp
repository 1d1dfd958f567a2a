#pragma once

/// \file
/// Lease on a periodic task, so that one replica at a time does it.

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

#include "storage/connection.hpp"

namespace couponhook::storage {

/// A database row that names the current owner of a task and the end of the lease. It avoids double
/// work. It does not guarantee exclusion, because the clocks of replicas differ: a task that must
/// never run twice needs another guard.
class TaskLease {
 public:
  template <typename T>
  using Result = Connection::Result<T>;

  /// \param task a name; it must live as long as this object.
  /// \param owner unique for each process.
  TaskLease(std::string_view task, std::string owner, std::chrono::milliseconds length)
      : task_(task), owner_(std::move(owner)), length_ms_(length.count()) {}

  /// Takes the lease, or extends it. Writes to the database only after half of the lease has
  /// passed.
  /// \return true if this owner holds the lease.
  [[nodiscard]] Result<bool> take(Connection& connection, std::int64_t now_ms);
  /// Ends the lease, so that another replica can take it at once.
  [[nodiscard]] Result<void> end(Connection& connection);

 private:
  const std::string_view task_;
  const std::string owner_;
  const std::int64_t length_ms_;
  std::int64_t held_until_ms_ = 0;
};

}  // namespace couponhook::storage
