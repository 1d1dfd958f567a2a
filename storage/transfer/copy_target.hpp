#pragma once

/// \file
/// Target database of a copy: marked as unfinished, so that no service opens it before it is
/// complete.

#include <cstdint>
#include <list>
#include <memory>

#include "storage/connection.hpp"
#include "storage/store.hpp"
#include "storage/transfer/table_copy.hpp"

namespace couponhook::storage {

/// \return the time at which the source's first schema was made (milliseconds since the Unix
/// epoch), which tells one source from another.
[[nodiscard]] Connection::Result<std::int64_t> source_mark(Connection& source);

/// Creates the schema in an empty database and marks it as unfinished, or continues an unfinished
/// copy of the same source.
[[nodiscard]] Connection::Result<std::unique_ptr<Connection>> open_copy_target(
    const StoreUrl& url, const std::list<CopiedTable>& tables, std::int64_t mark,
    std::int64_t now_ms);

/// Sets each row counter to continue after the last row, and removes the mark.
[[nodiscard]] Connection::Result<void> finish_copy_target(Connection& target,
                                                          const std::list<CopiedTable>& tables);

}  // namespace couponhook::storage
