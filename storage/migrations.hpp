#pragma once

/// \file
/// The schema, as the steps that lead to it.

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "storage/connection.hpp"
#include "storage/dialect.hpp"

namespace couponhook::storage {

/// A released step is never edited: a later one mends it.
///
/// While replicas are replaced one by one, programs that know a step work on one database with
/// programs that do not. So a step only adds, in such a way that the release before goes on working
/// (a column has a default, an index is no longer unique than before), and what is no longer used
/// is removed one release after the last that used it.
struct Migration {
  std::int64_t version;
  /// The oldest program, by the schema version that it knows, that may go on working after the
  /// step. A program older than that refuses the store.
  std::int64_t works_with;
  std::string_view script;  ///< with the words of a dialect in braces
};
[[nodiscard]] std::span<const Migration> migrations();

/// The table of the steps that were taken: a database that has it is ours.
inline constexpr std::string_view kSchemaTable = "couponhook_schema";

/// What that table holds as a version while a copy into the store is under way: no program that
/// serves knows it, so none takes what is not complete.
inline constexpr std::int64_t kCopyUnderWay = 1'000'000'000;

/// \return the names of all tables that the steps make, and of the one that records them.
[[nodiscard]] std::vector<std::string> table_names();

/// The version this program reads and writes.
[[nodiscard]] std::int64_t current_schema_version();

/// \return the version of the schema, 0 where there is none yet; kTooNew where it is so much newer
///   than this program that the two do not work together.
[[nodiscard]] Connection::Result<std::int64_t> known_schema_version(Connection& connection,
                                                                    std::string_view store_name);

/// Takes the steps that are missing, each in a transaction of its own. `now_ms` is recorded.
[[nodiscard]] Connection::Result<void> migrate(Connection& connection, const Dialect& dialect,
                                               std::string_view store_name, std::int64_t now_ms);

}  // namespace couponhook::storage
