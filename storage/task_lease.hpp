#pragma once

/// \file
/// Work that one replica at a time should do.

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

#include "storage/connection.hpp"

namespace couponhook::storage {

/// A row that says whose a task is, and until when. It spares work that two would do twice; what
/// must not be done twice needs more, since clocks differ.
class TaskLease {
 public:
  template <typename T>
  using Result = Connection::Result<T>;

  /// \param task a name; it must live as long as this object.
  /// \param owner another for each process.
  TaskLease(std::string_view task, std::string owner, std::chrono::milliseconds length)
      : task_(task), owner_(std::move(owner)), length_ms_(length.count()) {}

  /// Takes it, or makes it last longer. Writes only when half of it has passed.
  /// \return whether it is this owner's.
  [[nodiscard]] Result<bool> take(Connection& connection, std::int64_t now_ms);
  /// Lets the next one have it.
  [[nodiscard]] Result<void> end(Connection& connection);

 private:
  const std::string_view task_;
  const std::string owner_;
  const std::int64_t length_ms_;
  std::int64_t held_until_ms_ = 0;
};

}  // namespace couponhook::storage
