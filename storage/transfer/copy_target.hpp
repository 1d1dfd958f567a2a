#pragma once

/// \file
/// Target database of a copy between stores. The target is marked as unfinished until the copy is
/// complete, so that no service opens it too early.

#include <cstdint>
#include <list>
#include <memory>

#include "storage/connection.hpp"
#include "storage/store.hpp"
#include "storage/transfer/table_copy.hpp"

namespace couponhook::storage {

/// \return the time at which the first schema of the copied store was made (milliseconds since the
/// Unix epoch). This time tells one store from another when a copy is continued.
[[nodiscard]] Connection::Result<std::int64_t> source_mark(Connection& source);

/// Prepares the target database of a copy: creates the schema in an empty database and marks the
/// database as unfinished, or continues an unfinished copy of the same store.
/// \param mark the result of source_mark() for the store that is copied.
/// \return a connection to the target database.
[[nodiscard]] Connection::Result<std::unique_ptr<Connection>> open_copy_target(
    const StoreUrl& url, const std::list<CopiedTable>& tables, std::int64_t mark,
    std::int64_t now_ms);

/// Completes the target of a copy: sets the counter that numbers the rows of each table, so that it
/// continues after the last row, and removes the mark "unfinished".
[[nodiscard]] Connection::Result<void> finish_copy_target(Connection& target,
                                                          const std::list<CopiedTable>& tables);

}  // namespace couponhook::storage
