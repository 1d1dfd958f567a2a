#pragma once

/// \file
/// Translates errors of SQLite into messages for operators.

#include <filesystem>
#include <string_view>

#include "storage/failure.hpp"

struct sqlite3;

namespace couponhook::storage {

/// \return the failure that describes an error of SQLite, with a message for the operator.
/// \param rc extended result code of SQLite, not a success.
/// \param db the connection that returned the code, or null.
/// \param path path of the database, for the message.
[[nodiscard]] Failure sqlite_failure(sqlite3* db, int rc, std::string_view path);

/// \return the failure for a file that SQLite has opened only for reading although it must be
/// writable. SQLite does this whenever it cannot open a file for writing, and does not report the
/// reason. So this function looks for the reason itself.
[[nodiscard]] Failure only_for_reading(const std::filesystem::path& path);

}  // namespace couponhook::storage
