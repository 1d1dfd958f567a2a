#pragma once

/// \file
/// Translates errors of SQLite into messages for operators.

#include <filesystem>
#include <string_view>

#include "storage/failure.hpp"

struct sqlite3;

namespace couponhook::storage {

/// \param rc an extended result code, not a success.
/// \param db the connection that returned it, or null.
[[nodiscard]] Failure sqlite_failure(sqlite3* db, int rc, std::string_view path);

/// Failure for a file that SQLite has opened only for reading although it should be writable.
/// SQLite does this for every error of the open for writing, and does not report the error. So this
/// function looks for the reason itself.
[[nodiscard]] Failure only_for_reading(const std::filesystem::path& path);

}  // namespace couponhook::storage
