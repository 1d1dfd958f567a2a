#include <array>
#include <string>
#include <system_error>
#include <vector>

#include <openssl/rand.h>
#include <sqlite3.h>
#include <unistd.h>

#include "cpu_time.hpp"
#include "floor_parts.hpp"

namespace couponhook::bench {
namespace {

constexpr std::size_t kCommits = 1250;
constexpr std::size_t kPayloadBytes = 1024;

/// A new SQLite database. The destructor deletes the database file.
class Database {
 public:
  explicit Database(const std::filesystem::path& directory)
      : path_(directory / ("floor-" + std::to_string(::getpid()) + ".db")) {
    require(sqlite3_open(path_.c_str(), &db_) == SQLITE_OK, "opening a database there");
    execute("PRAGMA journal_mode = WAL");
    execute("PRAGMA synchronous = FULL");
    execute("CREATE TABLE rows (seq INTEGER PRIMARY KEY, id TEXT NOT NULL, payload TEXT NOT NULL)");
    execute("CREATE UNIQUE INDEX rows_id ON rows (id)");
  }
  Database(const Database&) = delete;
  Database& operator=(const Database&) = delete;
  ~Database() {
    sqlite3_close(db_);
    std::error_code ignored;
    for (const char* suffix : {"", "-wal", "-shm"}) {
      std::filesystem::remove(path_.string() + suffix, ignored);
    }
  }

  void execute(const char* statement) {
    require(sqlite3_exec(db_, statement, nullptr, nullptr, nullptr) == SQLITE_OK, statement);
  }
  [[nodiscard]] sqlite3_stmt* prepare(const char* text) {
    sqlite3_stmt* statement = nullptr;
    require(sqlite3_prepare_v3(db_, text, -1, SQLITE_PREPARE_PERSISTENT, &statement, nullptr) ==
                SQLITE_OK,
            text);
    return statement;
  }

 private:
  std::filesystem::path path_;
  sqlite3* db_ = nullptr;
};

void run(sqlite3_stmt* statement) {
  require(sqlite3_step(statement) == SQLITE_DONE && sqlite3_reset(statement) == SQLITE_OK,
          "sqlite3_step");
}

/// Returns a random text of 36 characters, the length of WeChat Pay's notification ids.
std::string random_id() {
  std::array<unsigned char, 18> bytes{};
  require(RAND_bytes(bytes.data(), bytes.size()) == 1, "RAND_bytes");
  std::string id;
  for (const unsigned char byte : bytes) {
    id += "0123456789abcdef"[byte >> 4];
    id += "0123456789abcdef"[byte & 15];
  }
  return id;
}

}  // namespace

double sqlite_row(const std::filesystem::path& directory) {
  std::vector<std::string> ids(kCommits * kRowsPerCommit);
  for (std::string& id : ids) id = random_id();
  const std::string payload(kPayloadBytes, 'p');

  Database database(directory);
  sqlite3_stmt* const begin = database.prepare("BEGIN IMMEDIATE");
  sqlite3_stmt* const insert = database.prepare("INSERT INTO rows (id, payload) VALUES (?1, ?2)");
  sqlite3_stmt* const commit = database.prepare("COMMIT");

  const auto begun = cpu_time(CLOCK_THREAD_CPUTIME_ID);
  for (std::size_t row = 0; row < ids.size(); ++row) {
    if (row % kRowsPerCommit == 0) run(begin);
    sqlite3_bind_text(insert, 1, ids[row].data(), static_cast<int>(ids[row].size()), nullptr);
    sqlite3_bind_text(insert, 2, payload.data(), static_cast<int>(payload.size()), nullptr);
    run(insert);
    if ((row + 1) % kRowsPerCommit == 0) run(commit);
  }
  const double cost = each(cpu_time(CLOCK_THREAD_CPUTIME_ID) - begun, ids.size());
  for (sqlite3_stmt* statement : {begin, insert, commit}) sqlite3_finalize(statement);
  return cost;
}

}  // namespace couponhook::bench
