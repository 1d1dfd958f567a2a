#pragma once

/// \file
/// Roles of writing connections. The role of a connection decides who writes first, and whether a
/// commit waits for the disk.

#include <cstddef>
#include <cstdint>

namespace couponhook::storage {

/// Purpose of a writing connection, the most urgent purpose first.
///
/// Only commits of notifications and of operators' commands wait for the disk, because a reply to
/// WeChat Pay or to the operator has promised that the data is kept. On SQLite, which allows one
/// writer at a time, commits of the other roles do not wait for the disk. A power cut can lose such
/// a commit, but it also stops every process that relied on the commit; after the restart the work
/// is found undone and is done again. The data of such a commit reaches the disk with the next
/// commit that waits.
enum class WriterRole : std::uint8_t {
  /// Storing of notifications: the sender waits, and a reply of success promises that the
  /// notification is kept.
  kAdmissions,
  kDeliveries,   ///< taking deliveries under leases, and recording their results
  kOperators,    ///< a command of an operator, who waits until the change is durable
  kMaintenance,  ///< purges, bulk retries, leases on periodic tasks: nobody waits for them
};
inline constexpr std::size_t kWriterRoles = 4;

}  // namespace couponhook::storage
