#pragma once

/// \file
/// Uses of a writing connection: they decide who goes first and who waits for the disk.

#include <cstddef>
#include <cstdint>

namespace couponhook::storage {

/// What a writing connection is for, in order of precedence.
///
/// Only what somebody outside has been promised waits until it is on the disk. On SQLite, where one
/// writes at a time, the others commit without waiting for it: a power cut that loses such a commit
/// has ended everybody who knew of it, and the work is found undone and done again. A commit of
/// theirs reaches the disk with the next one that waits.
enum class WriterRole : std::uint8_t {
  kAdmissions,   ///< notifications: a sender waits for each, and is promised that it is kept
  kDeliveries,   ///< claims and results of deliveries
  kOperators,    ///< one order of an operator, who waits for it and is told that it is kept
  kMaintenance,  ///< purges, bulk retries, leases of tasks: nobody waits
};
inline constexpr std::size_t kWriterRoles = 4;

}  // namespace couponhook::storage
