#pragma once

/// \file
/// Errors of a store: a code, and a message for the operator.

#include <cstdint>
#include <string>
#include <string_view>

namespace couponhook::storage {

enum class FailureCode : std::uint8_t {
  kUnavailable = 1,  ///< the database cannot be reached or opened
  kFull = 2,         ///< no space left
  kIo = 3,           ///< the storage device reported an error
  kCorrupt = 4,      ///< the content is damaged, or not a couponhook store
  kTooNew = 5,       ///< the store was written by a newer couponhook
  kConflict = 6,     ///< deadlock or serialization failure: the transaction may be run again
  kStatement = 7,    ///< the statement is refused (a constraint, a type): do not run it again
  kUnsafe = 8,       ///< a setting or a file system that breaks durability
  kMoved = 9,        ///< the store's path no longer leads to the files that are open
  kNoAccess = 10,    ///< a file could not be opened, or could be opened only for reading
  kBusy = 11,  ///< another writer holds the store and nothing was written: waiting longer may help
};
[[nodiscard]] std::string_view to_string(FailureCode code);

/// One failure. The message tells an operator what was wrong, where, and what to do. It never holds
/// content of notifications.
struct Failure {
  FailureCode code;
  std::string message;
};

}  // namespace couponhook::storage
