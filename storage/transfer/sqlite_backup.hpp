#pragma once

/// \file
/// Backup and restore of a store that is in an SQLite file.

#include <cstdint>
#include <filesystem>
#include <optional>

#include "storage/connection.hpp"
#include "storage/work_observer.hpp"

namespace couponhook::storage {

/// Facts about a database that was copied and then checked.
struct BackupFacts {
  std::int64_t schema_version = 0;
  std::int64_t notifications = 0;
  std::optional<std::int64_t> last_received_at_ms;
  std::int64_t size_bytes = 0;
};

/// Failure of a backup or a restore, with a mark that says whether the store or the backup file is
/// at fault.
struct BackupFailure : Failure {
  bool in_backup = false;  ///< true if the backup file is at fault, false if the store is at fault
};
template <typename T>
using BackupResult = boost::system::result<T, BackupFailure>;

/// Backs up a store to a new file, while a service may be writing to the store: takes no lock, and
/// no commit waits. The backup has everything that was committed before the call. It is one file,
/// readable only by its owner. The file gets its name only after the backup was checked and is
/// durable.
/// \param to path of the backup; must not exist.
/// \return facts about the content of the backup.
[[nodiscard]] BackupResult<BackupFacts> back_up_sqlite(const std::filesystem::path& store,
                                                       const std::filesystem::path& to,
                                                       const WorkObserver& observer);

struct Restored {
  BackupFacts facts;
  /// New name of the store file that was replaced; nothing if there was no such file.
  std::optional<std::filesystem::path> set_aside;
};

/// Replaces a store by a copy of a backup. The copy is checked before anything is changed, and the
/// previous store file is kept under another name. At every moment, the path of the store leads to
/// the previous file or to the restored file.
///
/// Fails while a service holds the store, while another program has its file open, and if the
/// existing file is an undamaged database that is not couponhook's. A damaged store may be
/// replaced.
/// \param aside_suffix text that is added to the name of the previous file, for example
/// ".before-…".
[[nodiscard]] BackupResult<Restored> restore_sqlite(const std::filesystem::path& store,
                                                    const std::filesystem::path& from,
                                                    std::string_view aside_suffix,
                                                    const WorkObserver& observer);

}  // namespace couponhook::storage
