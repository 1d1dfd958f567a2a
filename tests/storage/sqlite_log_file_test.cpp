// Goal: the write-ahead log that we write in fewer calls is the log that SQLite would have written.
// Method: SQLite reads and writes it by its own file access beside ours, while it is still a log.

#include "storage/sqlite_log_file.hpp"

#include <sqlite3.h>

#include <memory>

#include "store_fixture.hpp"

namespace couponhook::storage {
namespace {

struct Close {
  void operator()(sqlite3* db) const { sqlite3_close(db); }
};
using Database = std::unique_ptr<sqlite3, Close>;

Database open(const std::string& path, const char* vfs) {
  sqlite3* db = nullptr;
  EXPECT_EQ(sqlite3_open_v2(path.c_str(), &db, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE, vfs),
            SQLITE_OK);
  return Database(db);
}

void run(const Database& db, const char* sql) {
  EXPECT_EQ(sqlite3_exec(db.get(), sql, nullptr, nullptr, nullptr), SQLITE_OK)
      << sql << ": " << sqlite3_errmsg(db.get());
}

std::string ask(const Database& db, const char* sql) {
  std::string answer;
  const auto take = [](void* into, int, char** values, char**) {
    *static_cast<std::string*>(into) = values[0];
    return 0;
  };
  EXPECT_EQ(sqlite3_exec(db.get(), sql, take, &answer, nullptr), SQLITE_OK) << sql;
  return answer;
}

class SqliteLogFile : public ::testing::Test {
 protected:
  SqliteLogFile() {
    run(ours_, "PRAGMA journal_mode = WAL; PRAGMA wal_autocheckpoint = 0;");
    run(ours_, "CREATE TABLE t (n INTEGER PRIMARY KEY, x TEXT)");
  }

  /// Adds rows that fill `kilobytes`.
  void fill(int kilobytes) {
    const std::string sql =
        "WITH RECURSIVE c(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM c LIMIT " +
        std::to_string(kilobytes) + ") INSERT INTO t (x) SELECT hex(zeroblob(500)) FROM c";
    run(ours_, sql.c_str());
  }
  void expect_rows(const char* count) {
    const Database theirs = open(path_, nullptr);
    EXPECT_EQ(ask(theirs, "SELECT count(*) FROM t"), count);
    EXPECT_EQ(ask(theirs, "PRAGMA integrity_check"), "ok");
    EXPECT_EQ(ask(ours_, "SELECT count(*) FROM t"), count);
  }

  support::TemporaryFolder folder_;
  std::string path_ = (folder_.path() / "log.db").string();
  Database ours_ = open(path_, log_joining_vfs());
};

TEST_F(SqliteLogFile, IsReadByWhoeverReadsSqlite) {
  fill(300);
  expect_rows("300");
}

TEST_F(SqliteLogFile, HoldsNothingBackOfATransactionTooLargeForTheCache) {
  run(ours_, "PRAGMA cache_size = 10; BEGIN");
  fill(500);
  run(ours_, "UPDATE t SET x = 'short' WHERE n % 7 = 0");
  run(ours_, "COMMIT");
  expect_rows("500");
}

TEST_F(SqliteLogFile, IsWrittenOnByOthersAfterARollback) {
  run(ours_, "PRAGMA cache_size = 10; BEGIN");
  fill(500);
  run(ours_, "ROLLBACK");
  const Database theirs = open(path_, nullptr);
  run(theirs, "INSERT INTO t (x) SELECT hex(zeroblob(500)) FROM sqlite_master");
  fill(3);
  expect_rows("4");
}

TEST_F(SqliteLogFile, IsCheckpointedAndBegunAnew) {
  fill(100);
  run(ours_, "PRAGMA wal_checkpoint(TRUNCATE)");
  fill(100);
  expect_rows("200");
}

TEST_F(SqliteLogFile, WorksWithPagesLargerThanUsual) {
  path_ = (folder_.path() / "large.db").string();
  ours_ = open(path_, log_joining_vfs());
  run(ours_, "PRAGMA page_size = 16384; PRAGMA journal_mode = WAL; CREATE TABLE t (n, x)");
  fill(100);
  expect_rows("100");
}

}  // namespace
}  // namespace couponhook::storage
