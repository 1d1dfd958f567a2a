#pragma once

/// \file
/// A database that a store is being copied to: taken by nobody else before it is complete.

#include <cstdint>
#include <list>
#include <memory>

#include "storage/connection.hpp"
#include "storage/store.hpp"
#include "storage/transfer/table_copy.hpp"

namespace couponhook::storage {

/// What tells a source from another: when its first schema was made, in milliseconds.
[[nodiscard]] Connection::Result<std::int64_t> source_mark(Connection& source);

/// Makes the schema in an empty database and marks it as unfinished, or takes up what was marked so
/// for the same source.
[[nodiscard]] Connection::Result<std::unique_ptr<Connection>> open_copy_target(
    const StoreUrl& url, const std::list<CopiedTable>& tables, std::int64_t mark,
    std::int64_t now_ms);

/// Lets numbers go on from the last one, and takes the mark away.
[[nodiscard]] Connection::Result<void> finish_copy_target(Connection& target,
                                                          const std::list<CopiedTable>& tables);

}  // namespace couponhook::storage
