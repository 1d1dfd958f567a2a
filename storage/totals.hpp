#pragma once

/// \file
/// Corrects the stored totals of quarantined bodies, of unreadable notifications and of the
/// handlers' deliveries.

#include "storage/connection.hpp"

namespace couponhook::storage {

/// Counts the quarantined bodies, the unreadable notifications, and each handler's open and dead
/// deliveries, and corrects the stored totals to match. The totals become wrong only if an older
/// release, which does not keep them, writes to the same store. A total is not corrected if there
/// are more than 100,000 rows to count.
///
/// The handlers' totals of deliveries that are done or skipped are not corrected, because a purge
/// removes such deliveries, and the totals count them all the same.
/// \param connection a writing connection, with no transaction open.
[[nodiscard]] Connection::Result<void> correct_totals(Connection& connection);

}  // namespace couponhook::storage
