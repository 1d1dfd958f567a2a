// Copies an SQLite database page by page while other connections write to it. Used for backups.

#include <memory>

#include <sqlite3.h>

#include "storage/sqlite/sqlite_connection.hpp"

namespace couponhook::storage {
namespace {

/// Number of database pages that are copied in one step (4 MB): few enough for the disk to write
/// them between two commits of the service.
constexpr int kPagesAStep = 1024;

/// SQLite settings for the database file that the copy is written to. The file needs no journal and
/// no sync: nobody reads the copy before it is complete, and the caller flushes it to the disk.
constexpr const char* kCopySettings =
    "PRAGMA locking_mode = EXCLUSIVE; PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF";

struct FinishBackup {
  void operator()(sqlite3_backup* backup) const { sqlite3_backup_finish(backup); }
};

class RollbackLater {
 public:
  explicit RollbackLater(SqliteConnection& connection) : connection_(connection) {}
  RollbackLater(const RollbackLater&) = delete;
  RollbackLater& operator=(const RollbackLater&) = delete;
  ~RollbackLater() { connection_.rollback(); }

 private:
  SqliteConnection& connection_;
};

}  // namespace

Connection::Result<void> SqliteConnection::copy_to(
    SqliteConnection& copy,
    const std::function<Result<void>(std::uint64_t pages, std::uint64_t of)>& after_step) {
  if (auto set = copy.run_script(kCopySettings); !set) return set;
  // All steps of the copy run in one read transaction. Without this transaction, SQLite would start
  // the copy again after each commit of another connection.
  if (auto begun = run_script("BEGIN; SELECT count(*) FROM sqlite_master"); !begun) return begun;
  const RollbackLater rollback(*this);
  std::unique_ptr<sqlite3_backup, FinishBackup> backup(
      sqlite3_backup_init(copy.db_.get(), "main", db_.get(), "main"));
  if (backup == nullptr) return copy.failure(sqlite3_extended_errcode(copy.db_.get()));
  int rc = SQLITE_OK;
  while (rc == SQLITE_OK) {
    rc = sqlite3_backup_step(backup.get(), kPagesAStep);
    if (rc != SQLITE_OK && rc != SQLITE_DONE) break;
    const auto all = static_cast<std::uint64_t>(sqlite3_backup_pagecount(backup.get()));
    const auto left = static_cast<std::uint64_t>(sqlite3_backup_remaining(backup.get()));
    if (auto after = after_step(all - left, all); !after) return after;
  }
  rc = sqlite3_backup_finish(backup.release());
  if (rc != SQLITE_OK) return copy.failure(rc);
  return {};
}

Connection::Result<void> SqliteConnection::make_self_contained() {
  if (auto set = run_script("PRAGMA locking_mode = EXCLUSIVE"); !set) return set;
  return expect("PRAGMA journal_mode = DELETE", "delete");
}

}  // namespace couponhook::storage
