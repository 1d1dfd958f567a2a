#pragma once

/// \file
/// SQLite's errors in an operator's words.

#include <string_view>

#include "storage/failure.hpp"

struct sqlite3;

namespace couponhook::storage {

/// \param rc an extended result code that is not a success.
/// \param db the connection it came from, or null.
[[nodiscard]] Failure sqlite_failure(sqlite3* db, int rc, std::string_view path);

}  // namespace couponhook::storage
