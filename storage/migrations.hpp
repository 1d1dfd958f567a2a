#pragma once

/// \file
/// Schema of the store, as a list of migrations.

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "storage/connection.hpp"
#include "storage/dialect.hpp"

namespace couponhook::storage {

/// One step of the schema. Never edit a released step: correct its errors in a later step.
///
/// While replicas are updated one by one, old and new programs use one database at the same time.
/// So a step only adds to the schema, in a way that lets the previous release continue to work: a
/// new column has a default, and an index does not become unique. A column or table that is no
/// longer used is removed one release after the last release that used it.
struct Migration {
  std::int64_t version;
  /// The oldest program that may use the store after this step, given as the schema version that
  /// the program knows. An older program refuses to open the store.
  std::int64_t works_with;
  std::string_view script;  ///< SQL text with the placeholders of a Dialect in braces
};
[[nodiscard]] std::span<const Migration> migrations();

/// Table that records the migrations of a database. A database that has it is a couponhook store.
inline constexpr std::string_view kSchemaTable = "couponhook_schema";

/// Version that kSchemaTable holds while a copy into the store is running. No program knows this
/// version, so none opens an incomplete store.
inline constexpr std::int64_t kCopyUnderWay = 1'000'000'000;

/// \return the names of all tables that the migrations create, and of kSchemaTable.
[[nodiscard]] std::vector<std::string> table_names();

/// \return the schema version that this program reads and writes.
[[nodiscard]] std::int64_t current_schema_version();

/// \return the schema version of the store; 0 if it has no schema yet. Fails with kTooNew if the
/// schema is so much newer that this program cannot use the store, and with kUnavailable if a copy
/// into the store is unfinished.
[[nodiscard]] Connection::Result<std::int64_t> known_schema_version(Connection& connection,
                                                                    std::string_view store_name);

/// Runs the missing migrations, each in a transaction of its own.
/// \param now_ms recorded as the time of each migration.
[[nodiscard]] Connection::Result<void> migrate(Connection& connection, const Dialect& dialect,
                                               std::string_view store_name, std::int64_t now_ms);

}  // namespace couponhook::storage
