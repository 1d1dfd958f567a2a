// Tests of opening an SQLite store: the files that are created, and the stores that are refused
// (newer, foreign, damaged, locked). The sqlite3 command line, which does not use couponhook's
// code, prepares and examines the files.

#include <sys/stat.h>
#include <unistd.h>

#include <fstream>

#include "storage/migrations.hpp"
#include "storage/store_fixture.hpp"

namespace couponhook::storage {
namespace {

namespace fs = std::filesystem;

class SqliteFileTest : public ::testing::Test {
 protected:
  Connection::Result<std::unique_ptr<Store>> open() { return Store::open(url(), {}, kNow); }
  Connection::Result<std::unique_ptr<Store>> inspect() { return Store::inspect(url(), {}); }
  StoreUrl url() const { return {"sqlite", path_}; }

  /// Returns the code and message of a failed operation; "none" and an empty text if it did not
  /// fail.
  template <typename T>
  static std::pair<std::string, std::string> refusal(const Connection::Result<T>& result) {
    if (result) return {"none", ""};
    return {std::string(to_string(result.error().code)), result.error().message};
  }
  /// Runs an SQL statement with the sqlite3 command line and returns the output, or "no sqlite3" if
  /// that program is not installed.
  std::string sqlite3(const std::string& sql) {
    if (std::system("command -v sqlite3 >/dev/null") != 0) return "no sqlite3";
    const fs::path out = folder_.path() / "out";
    const std::string command =
        "sqlite3 '" + path_.string() + "' \"" + sql + "\" >'" + out.string() + "' 2>&1";
    EXPECT_NE(std::system(command.c_str()), -1);
    std::ifstream file(out);
    return {std::istreambuf_iterator<char>(file), {}};
  }
  void fill(int count) {
    auto store = open().value();
    auto connection = store->writer().value();
    BatchWriter batch_writer(*connection);
    std::vector<Work> batch(static_cast<std::size_t>(count));
    int i = 0;
    for (Work& work : batch) {
      Admission a = admission(numbered("n", i++));
      a.resource.append(1000, 'x');
      work.content = std::move(a);
    }
    ASSERT_TRUE(batch_writer.write(batch, kNow));
  }
  void overwrite(std::streamoff offset, const std::string& bytes) {
    std::fstream file(path_, std::ios::in | std::ios::out | std::ios::binary);
    file.seekp(offset);
    file << bytes;
  }
  static unsigned mode_of(const fs::path& path) {
    struct stat about {};
    return ::stat(path.c_str(), &about) == 0 ? about.st_mode & 0777U : 0U;
  }

  TemporaryFolder folder_;
  fs::path path_ = folder_.path() / "data" / "store.db";
};

TEST_F(SqliteFileTest, ProtectsItsFilesFromOtherUsers) {
  const mode_t before = ::umask(0);
  const auto store = open();
  ::umask(before);
  ASSERT_TRUE(store) << store.error().message;
  const auto connection = (*store)->writer().value();
  EXPECT_EQ(mode_of(path_.parent_path()), 0700U);
  EXPECT_EQ(mode_of(path_), 0600U);
  EXPECT_EQ(mode_of(path_.string() + "-wal"), 0600U);
  EXPECT_EQ(mode_of(path_.string() + "-shm"), 0600U);
  EXPECT_EQ(mode_of(path_.string() + ".lock"), 0600U);
}

TEST_F(SqliteFileTest, CreatesAStoreAtomically) {
  fill(100);
  const std::string answer =
      sqlite3("PRAGMA integrity_check; PRAGMA journal_mode; SELECT count(*) FROM notifications;");
  if (answer == "no sqlite3") GTEST_SKIP() << answer;
  EXPECT_EQ(answer, "ok\nwal\n100\n");
}

TEST_F(SqliteFileTest, OpensWhatItHasMadeBefore) {
  fill(3);
  const auto store = open();
  ASSERT_TRUE(store) << store.error().message;
  EXPECT_EQ(Reader((*store)->reader().value()).counts().value().stored, 3);
}

TEST_F(SqliteFileTest, RecordsItsMigrations) {
  fill(1);
  const std::string answer =
      sqlite3("SELECT version, applied_at FROM couponhook_schema ORDER BY version");
  if (answer == "no sqlite3") GTEST_SKIP() << answer;
  std::string expected;
  for (const Migration& step : migrations()) {
    expected += std::to_string(step.version) + "|1700000000000\n";
  }
  EXPECT_EQ(answer, expected);
}

TEST_F(SqliteFileTest, AllowsOnlyOneService) {
  const auto held = open();
  ASSERT_TRUE(held);
  const auto [code, message] = refusal(open());
  EXPECT_EQ(code, "unavailable");
  EXPECT_NE(message.find("process " + std::to_string(::getpid())), std::string::npos) << message;
}

TEST_F(SqliteFileTest, StaysHeldWhileAConnectionLives) {
  auto connection = open().value()->writer().value();
  EXPECT_EQ(refusal(open()).first, "unavailable");
  connection.reset();
  EXPECT_EQ(refusal(open()).first, "none");
}

TEST_F(SqliteFileTest, RefusesANewerStoreAndNamesBothVersions) {
  const std::int64_t newer = current_schema_version() + 7;
  {
    auto connection = open().value()->writer().value();
    ASSERT_TRUE(connection->run_script("INSERT INTO couponhook_schema VALUES (" +
                                       std::to_string(newer) + ", 0, " + std::to_string(newer) +
                                       ")"));
  }
  const auto [code, message] = refusal(open());
  EXPECT_EQ(code, "too_new");
  EXPECT_NE(message.find(std::to_string(newer)), std::string::npos) << message;
  EXPECT_NE(message.find(std::to_string(current_schema_version())), std::string::npos) << message;
}

TEST_F(SqliteFileTest, RefusesADatabaseOfSomethingElse) {
  fs::create_directories(path_.parent_path());
  if (sqlite3("CREATE TABLE t (x); INSERT INTO t VALUES (1)") == "no sqlite3") GTEST_SKIP();
  const auto [code, message] = refusal(open());
  EXPECT_EQ(code, "corrupt");
  EXPECT_NE(message.find("not a couponhook store"), std::string::npos) << message;
  EXPECT_EQ(sqlite3("PRAGMA journal_mode"), "delete\n");
}

TEST_F(SqliteFileTest, RefusesAFileThatIsNoDatabase) {
  fs::create_directories(path_.parent_path());
  std::ofstream(path_) << std::string(10'000, 'g');
  const auto [code, message] = refusal(open());
  EXPECT_EQ(code, "corrupt");
  EXPECT_NE(message.find("file is not a database"), std::string::npos) << message;
}

TEST_F(SqliteFileTest, LeavesNothingBesideAFileThatIsNoDatabase) {
  fs::create_directories(path_.parent_path());
  for (const std::size_t size : {std::size_t{1}, std::size_t{10'000}}) {
    std::ofstream(path_) << std::string(size, 'g');
    EXPECT_EQ(refusal(open()).first, "corrupt");
    EXPECT_FALSE(fs::exists(path_.string() + ".lock"));
  }
}

TEST_F(SqliteFileTest, TakesAnEmptyFileForNoStoreYet) {
  fs::create_directories(path_.parent_path());
  std::ofstream(path_).flush();
  EXPECT_FALSE(Store::is_made(url(), {}).value());
  EXPECT_EQ(Store::schema_version(url(), {}).value(), 0);
  EXPECT_NE(refusal(inspect()).second.find("there is no store"), std::string::npos);
  ASSERT_TRUE(open());
  EXPECT_TRUE(Store::is_made(url(), {}).value());
}

TEST_F(SqliteFileTest, ReportsWhereNoStoreCanBeCreated) {
  EXPECT_TRUE(Store::check_place(url()));
  EXPECT_FALSE(fs::exists(path_.parent_path())) << "looking makes nothing";
  const fs::path file = folder_.path() / "file";
  std::ofstream(file) << "x";
  for (const fs::path& place : {fs::path("/proc/nope/x.db"), file / "x.db", folder_.path()}) {
    EXPECT_FALSE(Store::check_place({"sqlite", place})) << place;
  }
}

TEST_F(SqliteFileTest, ReportsWhereAStoreCannotBeWritten) {
  if (::geteuid() == 0) GTEST_SKIP() << "the superuser may write anywhere";
  fs::create_directories(path_.parent_path());
  fs::permissions(path_.parent_path(), fs::perms::owner_read | fs::perms::owner_exec);
  const auto place = Store::check_place(url());
  fs::permissions(path_.parent_path(), fs::perms::owner_all);
  EXPECT_FALSE(place);
}

TEST_F(SqliteFileTest, RefusesATruncatedStore) {
  fill(200);
  fs::resize_file(path_, fs::file_size(path_) / 2);
  EXPECT_EQ(refusal(open()).first, "corrupt");
}

TEST_F(SqliteFileTest, RefusesAStoreDamagedInTheMiddle) {
  fill(200);
  const auto middle = static_cast<std::streamoff>(fs::file_size(path_) / 8192 * 4096);
  overwrite(middle, std::string(4096, '\xa5'));
  EXPECT_EQ(refusal(open()).first, "corrupt");
}

TEST_F(SqliteFileTest, FindsDamageInAFullCheck) {
  fill(200);
  const auto middle = static_cast<std::streamoff>(fs::file_size(path_) / 8192 * 4096);
  overwrite(middle, std::string(4096, '\xa5'));
  const auto connection = inspect().value()->reader().value();
  EXPECT_EQ(refusal(connection->check_integrity()).first, "corrupt");
}

TEST_F(SqliteFileTest, OpensAStoreTooLargeToCheckInTime) {
  fill(20'000);
  const auto time_to_open = [this](std::chrono::milliseconds quick_check_max) {
    const auto start = std::chrono::steady_clock::now();
    const auto store = Store::open(url(), {.quick_check_max = quick_check_max}, kNow);
    EXPECT_TRUE(store) << store.error().message;
    return std::chrono::steady_clock::now() - start;
  };
  auto in_time = time_to_open(std::chrono::milliseconds(1));
  // The test measures several times and uses the shortest time, because a busy machine can slow
  // down a single run.
  for (int again = 0; again < 3; ++again) {
    in_time = std::min(in_time, time_to_open(std::chrono::milliseconds(1)));
  }
  EXPECT_LT(in_time, time_to_open(std::chrono::hours(1)) / 2);
}

TEST_F(SqliteFileTest, RefusesAFolder) {
  fs::create_directories(path_);
  EXPECT_EQ(refusal(open()).first, "unavailable");
}

TEST_F(SqliteFileTest, SaysSoWhenTheDiskIsFull) {
  auto connection = open().value()->writer().value();
  ASSERT_TRUE(connection->run_script("PRAGMA max_page_count = 40"));
  BatchWriter batch_writer(*connection);
  std::vector<Work> batch(1);
  Admission large = admission("large");
  large.resource.append(1 << 20, 'x');
  batch[0].content = large;
  EXPECT_EQ(refusal(batch_writer.write(batch, kNow)).first, "full");
  batch[0].content = admission("small");
  EXPECT_TRUE(batch_writer.write(batch, kNow));
}

TEST_F(SqliteFileTest, SaysSoWhenAnotherProgramHoldsTheFile) {
  const auto store = Store::open(url(), {.busy_timeout = std::chrono::milliseconds(20)}, kNow);
  const auto first = (*store)->writer().value();
  const auto second = (*store)->writer().value();
  ASSERT_TRUE(first->begin());
  EXPECT_EQ(refusal(second->begin()).first, "busy");
  first->rollback();
  EXPECT_TRUE(second->begin());
}

TEST_F(SqliteFileTest, InspectsNothingWhereThereIsNothing) {
  EXPECT_EQ(refusal(inspect()).first, "unavailable");
  EXPECT_FALSE(fs::exists(path_));
}

TEST_F(SqliteFileTest, InspectsBesideAService) {
  fill(2);
  const auto service = open();
  const auto looking = inspect();
  ASSERT_TRUE(looking) << looking.error().message;
  EXPECT_EQ(Reader((*looking)->reader().value()).counts().value().stored, 2);
}

TEST_F(SqliteFileTest, GivesNoWriterForInspection) {
  fill(1);
  EXPECT_EQ(refusal(inspect().value()->writer()).first, "unavailable");
}

TEST_F(SqliteFileTest, ReportsItsSize) {
  fill(100);
  const auto store = open().value();
  const std::int64_t size = store->reader().value()->size_bytes().value();
  EXPECT_GT(size, 100 * 1000);
  EXPECT_LT(size, 100 * 10'000);
}

TEST_F(SqliteFileTest, EndsReadsThatTakeTooLong) {
  const auto connection = open().value()->reader().value();
  static constexpr Statement kEndless{
      "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT count(*) FROM n"};
  std::vector<Rows> results;
  const std::array commands{Command(kEndless, {})};
  const auto [code, message] = refusal(connection->run(commands, results));
  EXPECT_EQ(code, "unavailable");
  EXPECT_NE(message.find("too long"), std::string::npos) << message;
}

}  // namespace
}  // namespace couponhook::storage
