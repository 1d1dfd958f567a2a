#pragma once

/// \file
/// What can go wrong in a store.

#include <cstdint>
#include <string>
#include <string_view>

namespace couponhook::storage {

enum class FailureCode : std::uint8_t {
  kUnavailable = 1,  ///< cannot be reached or opened
  kFull = 2,         ///< no space left
  kIo = 3,           ///< the device failed
  kCorrupt = 4,      ///< the content is damaged, or not a couponhook store
  kTooNew = 5,       ///< written by a newer couponhook
  kConflict = 6,     ///< deadlock or serialization failure: the transaction may be run again
  kStatement = 7,  ///< this statement is refused (a constraint, a type): running it again is no use
  kUnsafe = 8,     ///< a setting or file system that breaks durability
  kMoved = 9,      ///< its path no longer leads to the files that are open
  kNoAccess = 10,  ///< a file could not be opened, or only for reading
  kBusy = 11,      ///< another writer holds it, and nothing has been done: waiting longer may help
};
[[nodiscard]] std::string_view to_string(FailureCode code);

/// A failure in words fit for an operator: what was wrong, where, and what to do. Holds no content
/// of notifications.
struct Failure {
  FailureCode code;
  std::string message;
};

}  // namespace couponhook::storage
