#pragma once

/// \file
/// Totals of what is so now, set right.

#include "storage/connection.hpp"

namespace couponhook::storage {

/// Makes the totals of what is sealed and of what is unreadable those of the rows that there are. A
/// release that does not keep these totals makes them wrong while it works beside this one, or in
/// its place; nothing else does. Leaves a total alone that counts more than 100,000 rows.
/// \param connection writes; outside of a transaction.
[[nodiscard]] Connection::Result<void> correct_totals(Connection& connection);

}  // namespace couponhook::storage
