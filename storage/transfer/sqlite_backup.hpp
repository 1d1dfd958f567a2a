#pragma once

/// \file
/// A store's file as a whole: to another file, and back.

#include <cstdint>
#include <filesystem>
#include <optional>

#include "storage/connection.hpp"
#include "storage/work_observer.hpp"

namespace couponhook::storage {

/// What a copy that was found sound holds.
struct BackupFacts {
  std::int64_t schema_version = 0;
  std::int64_t notifications = 0;
  std::optional<std::int64_t> last_received_at_ms;
  std::int64_t size_bytes = 0;
};

/// What went wrong, and with which of the two files.
struct BackupFailure : Failure {
  bool in_backup = false;  ///< rather than in the store
};
template <typename T>
using BackupResult = boost::system::result<T, BackupFailure>;

/// Copies a store to a file that nothing has the name of, while a service may be writing to it:
/// takes no lock and keeps no commit waiting. All that was committed before the call is in the
/// copy, which is one file for its owner only, checked, durable, and there under its name once it
/// is all that.
[[nodiscard]] BackupResult<BackupFacts> back_up_sqlite(const std::filesystem::path& store,
                                                       const std::filesystem::path& to,
                                                       const WorkObserver& observer);

struct Restored {
  BackupFacts facts;
  std::optional<std::filesystem::path> set_aside;  ///< where the file is that was there before
};

/// Puts a backup in a store's place: the copy is checked before anything is touched, and the file
/// that was there is kept beside. Whoever looks finds the one or the other.
///
/// Refuses while a service holds the store, while another program has its file open, and to replace
/// a database that is sound and not ours. A damaged store may be replaced.
/// \param aside_suffix added to the store's name for the file that was there: ".before-…".
[[nodiscard]] BackupResult<Restored> restore_sqlite(const std::filesystem::path& store,
                                                    const std::filesystem::path& from,
                                                    std::string_view aside_suffix,
                                                    const WorkObserver& observer);

}  // namespace couponhook::storage
