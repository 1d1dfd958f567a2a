#pragma once

/// \file
/// Backup and restore of a store in an SQLite file.

#include <cstdint>
#include <filesystem>
#include <optional>

#include "storage/connection.hpp"
#include "storage/work_observer.hpp"

namespace couponhook::storage {

/// Facts about the content of a copy that was checked.
struct BackupFacts {
  std::int64_t schema_version = 0;
  std::int64_t notifications = 0;
  std::optional<std::int64_t> last_received_at_ms;
  std::int64_t size_bytes = 0;
};

/// Failure of a backup or a restore, and which of the two files it concerns.
struct BackupFailure : Failure {
  bool in_backup = false;  ///< true: the backup file; false: the store
};
template <typename T>
using BackupResult = boost::system::result<T, BackupFailure>;

/// Copies a store to a new file, while a service may be writing to it: takes no lock, and no commit
/// waits. The copy has everything that was committed before the call. It is one file, readable only
/// by its owner. It gets its name only after it was checked and is durable.
/// \param to must not exist.
[[nodiscard]] BackupResult<BackupFacts> back_up_sqlite(const std::filesystem::path& store,
                                                       const std::filesystem::path& to,
                                                       const WorkObserver& observer);

struct Restored {
  BackupFacts facts;
  std::optional<std::filesystem::path> set_aside;  ///< new name of the file that was there before
};

/// Replaces a store by a copy of a backup. The copy is checked before anything is changed, and the
/// previous file is kept under another name. At every moment, the store's path leads to one of the
/// two files.
///
/// Refuses while a service holds the store, while another program has its file open, and if the
/// existing file is an undamaged database that is not couponhook's. A damaged store may be
/// replaced.
/// \param aside_suffix added to the store's name for the previous file: ".before-…".
[[nodiscard]] BackupResult<Restored> restore_sqlite(const std::filesystem::path& store,
                                                    const std::filesystem::path& from,
                                                    std::string_view aside_suffix,
                                                    const WorkObserver& observer);

}  // namespace couponhook::storage
