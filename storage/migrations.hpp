#pragma once

/// \file
/// The schema, as the steps that lead to it.

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "storage/connection.hpp"

namespace couponhook::storage {

/// What engines name differently. All the rest of the schema is common.
struct Dialect {
  std::string_view key;    ///< a column that numbers rows as they come
  std::string_view bytes;  ///< a type for bytes
};
inline constexpr Dialect kSqliteDialect{.key = "INTEGER PRIMARY KEY", .bytes = "BLOB"};

/// A released step is never edited: a later one mends it.
struct Migration {
  std::int64_t version;
  std::string_view script;  ///< with {key} and {bytes} for the words of a dialect
};
[[nodiscard]] std::span<const Migration> migrations();

/// The version this program reads and writes.
[[nodiscard]] std::int64_t current_schema_version();

/// \return `script` in the words of `dialect`.
[[nodiscard]] std::string in_dialect(std::string_view script, const Dialect& dialect);

/// \return the version of the schema, 0 where there is none yet; kTooNew where it is newer than
/// this
///   program.
[[nodiscard]] Connection::Result<std::int64_t> known_schema_version(Connection& connection,
                                                                    std::string_view store_name);

/// Takes the steps that are missing, each in a transaction of its own. `now_ms` is recorded.
[[nodiscard]] Connection::Result<void> migrate(Connection& connection, const Dialect& dialect,
                                               std::string_view store_name, std::int64_t now_ms);

}  // namespace couponhook::storage
