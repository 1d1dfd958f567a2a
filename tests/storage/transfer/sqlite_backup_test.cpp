// Checks that a backup is one consistent state of the store, and that only an undamaged backup can
// replace a store. The tests use stores of a few rows, damage files by hand, and examine the files
// that are left in the folder.

#include "storage/transfer/sqlite_backup.hpp"

#include <sys/stat.h>

#include <fstream>
#include <set>

#include "storage/store_fixture.hpp"

namespace couponhook::storage {
namespace {

namespace fs = std::filesystem;

const WorkObserver kUnobserved = [](std::string_view, std::uint64_t, std::uint64_t) {};

class SqliteBackupTest : public ::testing::Test {
 protected:
  static std::unique_ptr<Store> open(const fs::path& path) {
    return Store::open({"sqlite", path}, {}, kNow).value();
  }
  static void fill(Store& store, std::string_view prefix, int count) {
    const auto connection = store.writer().value();
    BatchWriter batch_writer(*connection);
    std::vector<Work> batch(static_cast<std::size_t>(count));
    int i = 0;
    for (Work& work : batch) {
      Admission a = admission(numbered(prefix, i++));
      a.resource.append(1000, 'x');
      work.content = std::move(a);
    }
    ASSERT_TRUE(batch_writer.write(batch, kNow));
  }
  /// Creates a store of `count` notifications and makes a backup of it.
  void back_up_store_of(int count) {
    const auto store = open(path_);
    fill(*store, "n", count);
    ASSERT_TRUE(back_up_sqlite(path_, backup_, kUnobserved));
  }
  static std::int64_t stored_in(const fs::path& path) {
    const auto store = open(path);
    return Reader(store->reader().value()).counts().value().stored;
  }
  BackupResult<Restored> restore() { return restore_sqlite(path_, backup_, ".aside", kUnobserved); }
  template <typename T>
  static std::string refusal(const BackupResult<T>& result) {
    return result ? "nothing was refused" : result.error().message;
  }
  static std::set<std::string> names_in(const fs::path& folder) {
    std::set<std::string> names;
    for (const auto& entry : fs::directory_iterator(folder)) names.insert(entry.path().filename());
    return names;
  }
  static std::string content_of(const fs::path& path) {
    std::ifstream file(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(file), {}};
  }

  TemporaryFolder folder_;
  fs::path path_ = folder_.path() / "data" / "s.db";
  fs::path backups_ = folder_.path();
  fs::path backup_ = folder_.path() / "backup.db";
};

TEST_F(SqliteBackupTest, HoldsWhatWasCommittedBesideARunningService) {
  const auto service = open(path_);
  fill(*service, "n", 100);
  const auto facts = back_up_sqlite(path_, backup_, kUnobserved);
  ASSERT_TRUE(facts) << facts.error().message;
  EXPECT_EQ(facts->notifications, 100);
  EXPECT_EQ(facts->last_received_at_ms, kNow);
  EXPECT_EQ(stored_in(backup_), 100);
}

TEST_F(SqliteBackupTest, IsOneStateThoughCommitsGoOnWhileItCopies) {
  const auto service = open(path_);
  // A store of this size is copied in several steps, so the test can add rows between the steps.
  fill(*service, "before", 12'000);
  int steps = 0;
  const auto facts =
      back_up_sqlite(path_, backup_, [&](std::string_view doing, std::uint64_t, std::uint64_t) {
        if (doing == "copied pages") fill(*service, numbered("during", steps++) + "-", 1);
      });
  ASSERT_TRUE(facts) << facts.error().message;
  EXPECT_GT(steps, 1) << "or nothing was committed in between";
  EXPECT_EQ(facts->notifications, 12'000);
}

TEST_F(SqliteBackupTest, IsOneFileForItsOwnerOnly) {
  back_up_store_of(3);
  struct stat about {};
  ASSERT_EQ(::stat(backup_.c_str(), &about), 0);
  EXPECT_EQ(about.st_mode & 0777U, 0600U);
  EXPECT_EQ(names_in(backups_), (std::set<std::string>{"backup.db", "data"}));
}

TEST_F(SqliteBackupTest, IsReadWithoutWritingBesideIt) {
  back_up_store_of(3);
  // Bytes 18 and 19 of the header of an SQLite file give the journal mode: 1 is the rollback
  // journal, 2 the write-ahead log. With 2, a reader of the backup would create a log file beside
  // it.
  EXPECT_EQ(content_of(backup_).substr(18, 2), std::string("\x01\x01"));
}

TEST_F(SqliteBackupTest, OverwritesNothing) {
  const auto service = open(path_);
  std::ofstream(backup_) << "precious";
  EXPECT_NE(refusal(back_up_sqlite(path_, backup_, kUnobserved)).find("exists"), std::string::npos);
  EXPECT_EQ(content_of(backup_), "precious");
}

TEST_F(SqliteBackupTest, LeavesNothingBehindWhenItFails) {
  {
    const auto service = open(path_);
    fill(*service, "n", 2000);
  }
  std::fstream file(path_, std::ios::in | std::ios::out | std::ios::binary);
  file.seekp(static_cast<std::streamoff>(fs::file_size(path_) / 8192 * 4096));
  file << std::string(4096, '\xa5');
  file.close();
  EXPECT_FALSE(back_up_sqlite(path_, backup_, kUnobserved));
  EXPECT_EQ(names_in(backups_), (std::set<std::string>{"data"}));
}

TEST_F(SqliteBackupTest, IsRestoredWhereThereIsNoStore) {
  back_up_store_of(5);
  fs::remove_all(path_.parent_path());
  const auto restored = restore();
  ASSERT_TRUE(restored) << restored.error().message;
  EXPECT_EQ(restored->set_aside, std::nullopt);
  EXPECT_EQ(stored_in(path_), 5);
}

TEST_F(SqliteBackupTest, SetsAsideWhatWasThere) {
  back_up_store_of(5);
  fill(*open(path_), "later", 2);
  const auto restored = restore();
  ASSERT_TRUE(restored) << restored.error().message;
  EXPECT_EQ(stored_in(path_), 5);
  ASSERT_TRUE(restored->set_aside);
  EXPECT_EQ(stored_in(*restored->set_aside), 7);
}

// If the write-ahead log of the old store were left in the folder, SQLite would apply it to the
// restored database file of the same name.
TEST_F(SqliteBackupTest, KeepsTheLogOfALostStoreFromTheRestoredOne) {
  back_up_store_of(5);
  {
    const auto service = open(path_);
    const auto connection = service->writer().value();
    fill(*service, "later", 2);
    fs::copy_file(path_.string() + "-wal", path_.string() + "-kept");
  }
  fs::remove(path_);
  fs::rename(path_.string() + "-kept", path_.string() + "-wal");
  ASSERT_TRUE(restore());
  EXPECT_EQ(stored_in(path_), 5);
  EXPECT_TRUE(fs::exists(path_.string() + ".aside-wal"));
}

TEST_F(SqliteBackupTest, IsNotRestoredUnderARunningService) {
  back_up_store_of(5);
  const auto service = open(path_);
  EXPECT_NE(refusal(restore()).find("in use by process"), std::string::npos);
  EXPECT_EQ(names_in(path_.parent_path()).count("s.db.aside"), 0U);
}

TEST_F(SqliteBackupTest, RestoresOverADamagedStore) {
  back_up_store_of(5);
  const std::string damaged(10'000, 'g');
  std::ofstream(path_) << damaged;
  const auto restored = restore();
  ASSERT_TRUE(restored) << restored.error().message;
  EXPECT_EQ(stored_in(path_), 5);
  EXPECT_EQ(content_of(restored->set_aside.value()), damaged);
}

/// Fixture for backups that `restore` must refuse; after each test it checks that the store has not
/// changed.
class BadBackup : public SqliteBackupTest {
 protected:
  void SetUp() override {
    back_up_store_of(200);
    fill(*open(path_), "later", 1);
  }
  void TearDown() override {
    EXPECT_EQ(names_in(path_.parent_path()), (std::set<std::string>{"s.db", "s.db.lock"}));
    EXPECT_EQ(stored_in(path_), 201);
  }
  void change(std::string_view script) {
    const auto store = open(backup_);
    ASSERT_TRUE(store->writer().value()->run_script(script));
  }
};

TEST_F(BadBackup, IsRefusedWhereItIsMissing) {
  fs::remove(backup_);
  EXPECT_NE(refusal(restore()).find("there is no file"), std::string::npos);
}

TEST_F(BadBackup, IsRefusedWhereItIsNoDatabase) {
  std::ofstream(backup_) << std::string(10'000, 'g');
  EXPECT_NE(refusal(restore()).find("damage"), std::string::npos);
}

TEST_F(BadBackup, IsRefusedWhereItIsCutOff) {
  fs::resize_file(backup_, fs::file_size(backup_) / 2);
  EXPECT_FALSE(restore());
}

TEST_F(BadBackup, IsRefusedWhereItIsDamagedInside) {
  std::fstream file(backup_, std::ios::in | std::ios::out | std::ios::binary);
  file.seekp(static_cast<std::streamoff>(fs::file_size(backup_) / 8192 * 4096));
  file << std::string(4096, '\xa5');
  file.close();
  EXPECT_NE(refusal(restore()).find("damage"), std::string::npos);
}

TEST_F(BadBackup, IsRefusedWhereItIsOfSomethingElse) {
  change("PRAGMA application_id = 7");
  EXPECT_NE(refusal(restore()).find("not a couponhook store"), std::string::npos);
}

TEST_F(BadBackup, IsRefusedWhereItIsNewer) {
  change("INSERT INTO couponhook_schema VALUES (4711, 0, 4711)");
  EXPECT_NE(refusal(restore()).find("4711"), std::string::npos);
}

TEST_F(BadBackup, IsRefusedWhereCountsDoNotAgree) {
  change("UPDATE counters SET value = 3 WHERE name = 'stored'");
  EXPECT_NE(refusal(restore()).find("ever counted"), std::string::npos);
}

TEST_F(BadBackup, IsRefusedWhereItIsTheStoreItself) {
  backup_ = path_;
  EXPECT_NE(refusal(restore()).find("the store itself"), std::string::npos);
}

TEST_F(BadBackup, IsRefusedWhereTheStoreIsAnotherProgramsDatabase) {
  const fs::path own = path_;
  path_ = folder_.path() / "other" / "s.db";
  fs::create_directories(path_.parent_path());
  fs::copy_file(own, path_);
  ASSERT_TRUE(open(path_)->writer().value()->run_script("PRAGMA application_id = 7"));
  EXPECT_NE(refusal(restore()).find("not a couponhook store"), std::string::npos);
  path_ = own;
}

}  // namespace
}  // namespace couponhook::storage
