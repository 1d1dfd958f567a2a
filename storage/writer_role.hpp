#pragma once

/// \file
/// Roles of writing connections: a role decides the precedence, and whether a commit waits for the
/// disk.

#include <cstddef>
#include <cstdint>

namespace couponhook::storage {

/// Purpose of a writing connection, in order of precedence.
///
/// Only admissions and operators' orders wait until their commit is on the disk, because somebody
/// outside was promised that the data is kept. On SQLite, which allows one writer at a time, the
/// other roles commit without that wait. A power cut can lose such a commit, but it also stops
/// every process that knew of the commit; after the restart the work is found undone and is done
/// again. The data of such a commit reaches the disk with the next commit that waits.
enum class WriterRole : std::uint8_t {
  kAdmissions,   ///< notifications: the sender waits, and a reply of success promises that the
                 ///< notification is kept
  kDeliveries,   ///< claims and results of deliveries
  kOperators,    ///< one command of an operator, who waits for it and is told that it is kept
  kMaintenance,  ///< purges, bulk retries, leases of tasks: nobody waits for them
};
inline constexpr std::size_t kWriterRoles = 4;

}  // namespace couponhook::storage
