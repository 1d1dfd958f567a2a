#pragma once

/// \file
/// Database schema of the store, as a list of migrations (steps from one schema version to the
/// next).

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "storage/connection.hpp"
#include "storage/dialect.hpp"

namespace couponhook::storage {

/// One step of the database schema. Never edit a released step: correct its errors in a later step.
///
/// While replicas are updated one by one, the old and the new couponhook use one database at the
/// same time. So a step only adds to the schema, and in such a way that the previous release
/// continues to work: a new column has a default, and an index does not become unique. A column or
/// table that is no longer used is removed one release after the last release that used it.
struct Migration {
  std::int64_t version;
  /// The oldest couponhook that may use the store after this migration, given as the schema version
  /// that it knows. An older couponhook refuses to open the store.
  std::int64_t works_with;
  /// SQL text of the migration, with placeholders in braces that the Dialect of the database engine
  /// replaces.
  std::string_view script;
};
[[nodiscard]] std::span<const Migration> migrations();

/// Name of the table that records the migrations of a database. A database with this table is a
/// couponhook store.
inline constexpr std::string_view kSchemaTable = "couponhook_schema";

/// Schema version that the table kSchemaTable holds while a store is being copied into the
/// database. No version of couponhook knows this schema version, so none opens an incomplete store.
inline constexpr std::int64_t kCopyUnderWay = 1'000'000'000;

/// \return the names of all tables that the migrations create, and of kSchemaTable.
[[nodiscard]] std::vector<std::string> table_names();

/// \return the schema version that this program reads and writes.
[[nodiscard]] std::int64_t current_schema_version();

/// \return the schema version of the store; 0 if the store has no schema yet. Fails with kTooNew if
/// the schema is too new for this couponhook to use the store, and with kUnavailable if a copy into
/// the store is unfinished.
[[nodiscard]] Connection::Result<std::int64_t> known_schema_version(Connection& connection,
                                                                    std::string_view store_name);

/// Runs the migrations that the database does not have yet, each in a transaction of its own.
/// \param now_ms time that is recorded for each migration, in milliseconds since the Unix epoch.
[[nodiscard]] Connection::Result<void> migrate(Connection& connection, const Dialect& dialect,
                                               std::string_view store_name, std::int64_t now_ms);

}  // namespace couponhook::storage
