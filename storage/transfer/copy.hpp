#pragma once

/// \file
/// Copies a store from an SQLite file to a PostgreSQL database.

#include <cstdint>
#include <string>
#include <vector>

#include "storage/connection.hpp"
#include "storage/store.hpp"
#include "storage/transfer/row_digest.hpp"
#include "storage/transfer/table_copy.hpp"
#include "storage/work_observer.hpp"

namespace couponhook::storage {

struct TableReport {
  std::string name;
  RowDigest source;
  RowDigest target;
};

/// Copies the rows of one table in the order of their keys, with many rows in one transaction. An
/// interrupted copy continues after the last row that the target has. If the two databases sort the
/// table differently, all rows are sent again.
[[nodiscard]] Connection::Result<void> copy_rows(Connection& source, Connection& target,
                                                 const CopiedTable& table,
                                                 const WorkObserver& observer);

/// Reads all rows of a table and computes their digest, to compare the source of a copy with its
/// target.
/// \param expected expected number of rows, for the progress report.
[[nodiscard]] Connection::Result<RowDigest> digest_rows(Connection& connection,
                                                        const CopiedTable& table,
                                                        std::int64_t expected,
                                                        const WorkObserver& observer);

/// Copies a store from an SQLite file to an empty PostgreSQL database, and compares the two stores
/// row by row.
///
/// During the copy, the SQLite file is locked as a service would lock it. Until all rows were found
/// equal, the target's table of schema versions has a mark that says "unfinished", so that no
/// service opens the target. An interrupted copy can be continued, but only from the same SQLite
/// file.
///
/// \return one report for each compared table. Fails if any row differs, or if the target has other
/// rows.
[[nodiscard]] Connection::Result<std::vector<TableReport>> copy_to_postgres(
    const StoreUrl& source, const StoreUrl& target, std::int64_t now_ms,
    const WorkObserver& observer);

}  // namespace couponhook::storage
