#pragma once

/// \file
/// A store's content, from an SQLite file to a server.

#include <cstdint>
#include <string>
#include <vector>

#include "storage/connection.hpp"
#include "storage/transfer/row_digest.hpp"
#include "storage/store.hpp"
#include "storage/transfer/table_copy.hpp"
#include "storage/work_observer.hpp"

namespace couponhook::storage {

struct TableReport {
  std::string name;
  RowDigest source;
  RowDigest target;
};

/// Copies rows in the order of their keys, many in one transaction. Where the target ends, a copy
/// that was cut short goes on; of a table that engines order differently, all are sent again.
[[nodiscard]] Connection::Result<void> copy_rows(Connection& source, Connection& target,
                                                 const CopiedTable& table,
                                                 const WorkObserver& observer);

/// Reads a table from beginning to end.
[[nodiscard]] Connection::Result<RowDigest> digest_rows(Connection& connection,
                                                        const CopiedTable& table,
                                                        std::int64_t expected,
                                                        const WorkObserver& observer);

/// Copies a store to an empty database on a PostgreSQL server, and compares both, row by row.
///
/// The source is locked meanwhile, as a service would. The target says in its table of schema
/// versions that it is unfinished, so that no service takes it, until everything was found equal; a
/// copy that was cut short is taken up where it ended, from the same source only.
///
/// \return what was compared; a failure where anything differs, or the target holds anything else.
[[nodiscard]] Connection::Result<std::vector<TableReport>> copy_to_postgres(
    const StoreUrl& source, const StoreUrl& target, std::int64_t now_ms,
    const WorkObserver& observer);

}  // namespace couponhook::storage
