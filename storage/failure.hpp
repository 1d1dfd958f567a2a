#pragma once

/// \file
/// Errors of a store: a code, and a message for the operator.

#include <cstdint>
#include <string>
#include <string_view>

namespace couponhook::storage {

enum class FailureCode : std::uint8_t {
  kUnavailable = 1,  ///< the database cannot be reached or opened
  kFull = 2,         ///< the disk of the database has no space left
  kIo = 3,           ///< the disk or storage device reported an error
  kCorrupt = 4,      ///< the database is damaged, or is not a couponhook store
  kTooNew = 5,       ///< the store was written by a newer version of couponhook
  /// Deadlock or serialization failure in the database: the transaction may be run again.
  kConflict = 6,
  /// The database refuses the statement (a constraint, a type): do not run it again.
  kStatement = 7,
  kUnsafe = 8,     ///< a database setting or a file system could lose committed data
  kMoved = 9,      ///< the store's path no longer leads to the database files that are open
  kNoAccess = 10,  ///< a database file could not be opened, or could be opened only for reading
  /// Another writer holds the store, and nothing was written: waiting longer may help.
  kBusy = 11,
};
[[nodiscard]] std::string_view to_string(FailureCode code);

/// One failure of the store. The message tells an operator what was wrong, where, and what to do.
/// It never contains content of notifications.
struct Failure {
  FailureCode code;
  std::string message;
};

}  // namespace couponhook::storage
