#pragma once

/// \file
/// SQLite's errors in an operator's words.

#include <filesystem>
#include <string_view>

#include "storage/failure.hpp"

struct sqlite3;

namespace couponhook::storage {

/// \param rc an extended result code that is not a success.
/// \param db the connection it came from, or null.
[[nodiscard]] Failure sqlite_failure(sqlite3* db, int rc, std::string_view path);

/// A file that SQLite has opened for reading only, though it was to be written: SQLite does so for
/// whatever reason an open fails, and keeps the reason to itself, so it is looked for anew.
[[nodiscard]] Failure only_for_reading(const std::filesystem::path& path);

}  // namespace couponhook::storage
