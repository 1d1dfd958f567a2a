#include "storage/transfer/sqlite_backup.hpp"

#include <array>
#include <cerrno>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>
#include <vector>

#include <unistd.h>

#include "storage/counter_deltas.hpp"
#include "storage/migrations.hpp"
#include "storage/rows.hpp"
#include "storage/sqlite/file_lock.hpp"
#include "storage/sqlite/private_file.hpp"
#include "storage/sqlite/sqlite_connection.hpp"
#include "storage/transfer/partial_file.hpp"

namespace couponhook::storage {
namespace {

namespace fs = std::filesystem;
using Result = Connection::Result<void>;

// SQL statements that examine a backup. They take time in proportion to the size of the store, so
// the running service does not use them.
constexpr Statement kCount{"SELECT count(*) FROM notifications"};
constexpr Statement kLast{"SELECT received_at FROM notifications ORDER BY seq DESC LIMIT 1"};
constexpr Statement kStored{
    "SELECT CAST(coalesce(sum(value), 0) AS INTEGER) FROM counters WHERE name = $1"};

/// Reads the schema version of a store or backup. Accepts the current version and older versions,
/// because a backup is often from before an upgrade.
Connection::Result<std::int64_t> version_of(SqliteConnection& connection, const fs::path& path) {
  if (auto ours = connection.check_identity(false); !ours) return ours.error();
  return known_schema_version(connection, path.string());
}

/// Checks the whole content of a copied database for damage.
/// \return facts about the content of the database.
Connection::Result<BackupFacts> examine(const fs::path& path) {
  const auto opened = SqliteConnection::open(path, {});
  if (!opened) return opened.error();
  SqliteConnection& connection = **opened;
  if (auto alone = connection.make_self_contained(); !alone) return alone.error();
  const auto version = version_of(connection, path);
  if (!version) return version.error();
  if (auto whole = connection.check_integrity(); !whole) return whole.error();
  const std::array ask{Command(kCount, {}), Command(kLast, {}),
                       Command(kStored, {counter::kStored})};
  std::vector<Rows> results;
  if (auto ran = connection.run(ask, results); !ran) return ran.error();
  BackupFacts facts;
  facts.schema_version = *version;
  facts.notifications = only_integer(results[0]);
  facts.last_received_at_ms = first_integer(results[1]);
  // There cannot be more notifications than the stored total says: a total is committed together
  // with the rows that it counts, and a purge removes only rows.
  if (facts.notifications > only_integer(results[2])) {
    return Failure{FailureCode::kCorrupt,
                   path.string() +
                       " holds more notifications than were ever counted in it: it is "
                       "not one state of a store; use another backup"};
  }
  const auto size = connection.size_bytes();
  if (!size) return size.error();
  facts.size_bytes = *size;
  return facts;
}

BackupFailure in_store(Failure failure) {
  return {std::move(failure), false};
}

BackupFailure in_backup(Failure failure) {
  return {std::move(failure), true};
}

/// Kind of the file that is copied: the store (to make a backup) or a backup (to restore the
/// store).
enum class Copy : bool { kOfStore, kOfBackup };

/// Copies the database `source` to a file with a temporary name, and checks the copy.
/// \return facts about the content of the copy.
BackupResult<BackupFacts> copy_and_examine(SqliteConnection& source, const PartialFile& file,
                                           Copy which, const WorkObserver& observer) {
  const auto in_source = which == Copy::kOfStore ? in_store : in_backup;
  const auto in_copy = which == Copy::kOfStore ? in_backup : in_store;
  {
    const auto copy = SqliteConnection::open(file.path(), {});
    if (!copy) return in_copy(copy.error());
    // The copy of the database is flushed to the disk in steps, so that commits of a running
    // service never wait until gigabytes are written.
    const auto copied = source.copy_to(**copy, [&](std::uint64_t pages, std::uint64_t of) {
      observer("copied pages", pages, of);
      return file.flush();
    });
    if (!copied) {
      const bool damaged = copied.error().code == FailureCode::kCorrupt;
      return (damaged ? in_source : in_copy)(copied.error());
    }
  }
  observer("checking the copy", 0, 0);
  const auto facts = examine(file.path());
  if (facts) return *facts;
  // The error message names the file that was copied, because the temporary name of the copy would
  // not help the operator.
  return in_source(
      {facts.error().code, "a copy of " + source.path() + " is damaged: " + facts.error().message});
}

Connection::Result<std::unique_ptr<SqliteConnection>> open_to_copy(const fs::path& path) {
  std::error_code ec;
  if (!fs::is_regular_file(path, ec)) {
    return Failure{FailureCode::kUnavailable,
                   "there is no file " + path.string() + " to copy: check its name"};
  }
  auto source = SqliteConnection::open(path, {.read_only = true});
  if (!source) return source.error();
  if (const auto version = version_of(**source, path); !version) return version.error();
  return source;
}

fs::path with_suffix(const fs::path& path, std::string_view suffix) {
  return path.string() + std::string(suffix);
}

/// Moves the content of the write-ahead log into the database file of a store, so that the file
/// alone can be kept under another name. Does not change a damaged file.
Result settle(const fs::path& store) {
  const auto opened = SqliteConnection::open(store, {});
  if (!opened) return opened.error();
  const auto alone = (*opened)->make_self_contained();
  if (!alone) return alone.error().code == FailureCode::kCorrupt ? Result() : alone;
  const auto whole = (*opened)->check_quickly(std::chrono::milliseconds(300));
  const bool damaged = !whole && whole.error().code == FailureCode::kCorrupt;
  return damaged ? Result() : (*opened)->check_identity(false);
}

/// Renames the write-ahead log that SQLite left beside a damaged or removed database file. A log
/// must never be applied to a database that it does not belong to.
Result set_log_aside(const fs::path& store, const fs::path& aside) {
  std::error_code ec;
  fs::remove(with_suffix(store, "-shm"), ec);
  const fs::path log = with_suffix(store, "-wal");
  if (!fs::exists(log, ec)) return {};
  fs::rename(log, with_suffix(aside, "-wal"), ec);
  if (ec) return file_failure("cannot set aside", log, ec.value());
  return sync_folder(folder_of(store));
}

/// Keeps the old database file of a store under a second name. The file also keeps its first name
/// until the restored file takes that name.
Result set_aside(const fs::path& store, const fs::path& aside) {
  if (auto settled = settle(store); !settled) return settled;
  if (::link(store.c_str(), aside.c_str()) != 0) {
    return file_failure("cannot set aside the store as", aside, errno);
  }
  return sync_folder(folder_of(store));
}

}  // namespace

BackupResult<BackupFacts> back_up_sqlite(const fs::path& store, const fs::path& to,
                                         const WorkObserver& observer) {
  std::error_code ec;
  if (fs::exists(fs::symlink_status(to, ec))) {
    return in_backup({FailureCode::kUnavailable,
                      to.string() + " exists and is not overwritten: choose another name"});
  }
  const auto source = open_to_copy(store);
  if (!source) return in_store(source.error());
  const auto file = PartialFile::create(to);
  if (!file) return in_backup(file.error());
  auto facts = copy_and_examine(**source, **file, Copy::kOfStore, observer);
  if (!facts) return facts;
  if (auto published = (*file)->publish(); !published) return in_backup(published.error());
  return facts;
}

BackupResult<Restored> restore_sqlite(const fs::path& store, const fs::path& from,
                                      std::string_view aside_suffix, const WorkObserver& observer) {
  if (auto made = make_private_folder(store.parent_path()); !made) return in_store(made.error());
  if (auto local = refuse_network_file_system(store.parent_path()); !local) {
    return in_store(local.error());
  }
  const auto lock = FileLock::acquire(store);
  if (!lock) return in_store(lock.error());
  std::error_code ec;
  if (fs::equivalent(store, from, ec)) {
    return in_backup(
        {FailureCode::kUnavailable, from.string() + " is the store itself: name a backup"});
  }
  const auto source = open_to_copy(from);
  if (!source) return in_backup(source.error());
  const auto file = PartialFile::create(store);
  if (!file) return in_store(file.error());
  const auto facts = copy_and_examine(**source, **file, Copy::kOfBackup, observer);
  if (!facts) return facts.error();

  Restored restored{.facts = *facts, .set_aside = std::nullopt};
  const fs::path aside = with_suffix(store, aside_suffix);
  if (fs::exists(store, ec)) {
    if (auto kept = set_aside(store, aside); !kept) return in_store(kept.error());
    restored.set_aside = aside;
  }
  if (auto clean = set_log_aside(store, aside); !clean) return in_store(clean.error());
  if (auto published = (*file)->publish_replacing(); !published) {
    return in_store(published.error());
  }
  return restored;
}

}  // namespace couponhook::storage
