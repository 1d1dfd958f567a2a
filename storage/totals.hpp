#pragma once

/// \file
/// Corrects the stored totals of quarantined bodies and of unreadable notifications.

#include "storage/connection.hpp"

namespace couponhook::storage {

/// Counts the quarantined bodies and the unreadable notifications, and corrects the two stored
/// totals to match. The totals become wrong only if an older release, which does not keep them,
/// writes to the same store. A total is not corrected if there are more than 100,000 rows to count.
/// \param connection a writing connection, with no transaction open.
[[nodiscard]] Connection::Result<void> correct_totals(Connection& connection);

}  // namespace couponhook::storage
