// Checks that the store acknowledges no write that the next start would not find: each test
// removes, moves, replaces or hides a file of a store that is open and being written. Also checks
// that earlier acknowledged writes are saved.

#include "storage/sqlite/sqlite_files.hpp"

#include <sched.h>
#include <sys/mount.h>
#include <sys/wait.h>
#include <unistd.h>

#include <fstream>

#include "storage/store_fixture.hpp"

namespace couponhook::storage {
namespace {

namespace fs = std::filesystem;

class SqliteFilesTest : public ::testing::Test {
 protected:
  SqliteFilesTest() { open(); }

  void open() {
    store_ = Store::open({"sqlite", path_}, {}, kNow).value();
    writer_ = store_->writer().value();
    other_ = store_->writer().value();
    reader_ = store_->reader().value();
  }
  void close() {
    reader_.reset();
    other_.reset();
    writer_.reset();
    store_.reset();
  }

  /// Stores a notification. Returns the failure's code and message; "none" if the write was
  /// acknowledged.
  std::pair<std::string, std::string> write(const std::string& id) {
    BatchWriter batch_writer(*writer_);
    std::vector<Work> batch(1);
    batch[0].content = admission(id);
    const auto written = batch_writer.write(batch, kNow);
    EXPECT_EQ(written.has_value(), batch[0].outcome == AdmitOutcome::kStored);
    if (written) return {"none", ""};
    return {std::string(to_string(written.error().code)), written.error().message};
  }
  /// Returns true if the notification is in the database file alone, without its write-ahead log.
  static bool is_in(const fs::path& file, const std::string& id) {
    const TemporaryFolder folder;
    const fs::path copy = folder.path() / "copy.db";
    fs::copy_file(file, copy);
    const auto store = Store::open({"sqlite", copy}, {}, kNow);
    EXPECT_TRUE(store) << store.error().message;
    return store && Reader((*store)->reader().value()).notification(id).value().has_value();
  }
  void expect_lost(const std::string& what) {
    const auto [code, message] = write("stray");
    EXPECT_EQ(code, "moved") << what;
    EXPECT_NE(message.find(path_.string()), std::string::npos) << what << ": " << message;
    EXPECT_NE(message.find("none of them acknowledged: 1"), std::string::npos) << message;
    EXPECT_NE(message.find("1 notifications of the last write"), std::string::npos) << message;
    const auto [again, next] = write("refused");
    EXPECT_EQ(again, "moved") << what;
    EXPECT_NE(next.find("none of them acknowledged: 1."), std::string::npos)
        << "nothing is written once it is known: " << next;
    const std::array ask{Command(kCount, {})};
    std::vector<Rows> rows;
    for (Connection* connection : {writer_.get(), other_.get(), reader_.get()}) {
      EXPECT_EQ(connection->check_place().error().code, FailureCode::kMoved) << what;
      EXPECT_FALSE(connection->run(ask, rows)) << what;
    }
    EXPECT_FALSE(store_->writer()) << what << ": a new connection is refused too";
  }
  void expect_back(const std::string& what) {
    EXPECT_TRUE(reader_->check_place()) << what;
    EXPECT_EQ(write("after-" + what).first, "none") << what;
    EXPECT_FALSE(Reader(store_->reader().value()).notification("refused").value().has_value());
  }

  static constexpr Statement kCount{"SELECT count(*) FROM notifications"};

  TemporaryFolder folder_;
  fs::path path_ = folder_.path() / "data" / "s.db";
  fs::path elsewhere_ = folder_.path() / "elsewhere";
  std::unique_ptr<Store> store_;
  std::unique_ptr<Connection> writer_, other_, reader_;
};

TEST_F(SqliteFilesTest, AreLostWhenTheDatabaseIsRemoved) {
  ASSERT_EQ(write("kept").first, "none");
  fs::remove(path_);
  expect_lost("removed");
  const auto failure = reader_->check_place().error().message;
  EXPECT_NE(failure.find("/proc/" + std::to_string(::getpid()) + "/fd/"), std::string::npos)
      << "where what was removed can still be had: " << failure;
}

TEST_F(SqliteFilesTest, AreLostWhenOneIsMovedAndBackWhenItIsBack) {
  for (const std::string suffix : {"", "-wal", "-shm"}) {
    ASSERT_EQ(write("kept" + suffix).first, "none");
    const fs::path file = path_.string() + suffix;
    fs::rename(file, elsewhere_);
    expect_lost("moved " + suffix);
    const auto message = reader_->check_place().error().message;
    EXPECT_NE(message.find(elsewhere_.string()), std::string::npos) << message;
    EXPECT_NE(message.find(file.string()), std::string::npos) << message;
    fs::rename(elsewhere_, file);
    expect_back(suffix);
  }
}

TEST_F(SqliteFilesTest, AreLostWithTheirFolderAndBackWithIt) {
  ASSERT_EQ(write("kept").first, "none");
  fs::rename(path_.parent_path(), elsewhere_);
  expect_lost("folder");
  EXPECT_NE(reader_->check_place().error().message.find((elsewhere_ / "s.db").string()),
            std::string::npos);
  EXPECT_TRUE(is_in(elsewhere_ / "s.db", "kept")) << "the moved file is whole without its log";
  fs::rename(elsewhere_, path_.parent_path());
  expect_back("folder");
}

TEST_F(SqliteFilesTest, AreLostWhenAnotherFileTakesThePlaceOfOne) {
  for (const std::string suffix : {"", "-wal", "-shm"}) {
    ASSERT_EQ(write("kept" + suffix).first, "none");
    const fs::path file = path_.string() + suffix;
    const fs::path aside = file.string() + ".aside";
    fs::copy_file(file, elsewhere_);
    fs::create_hard_link(file, aside);
    fs::rename(elsewhere_, file);
    expect_lost("replaced " + suffix);
    fs::rename(aside, file);
    expect_back(suffix);
  }
}

TEST_F(SqliteFilesTest, AreLostWhenTheirLinkChanges) {
  close();
  fs::rename(path_, elsewhere_);
  fs::create_symlink(elsewhere_, path_);
  open();
  ASSERT_EQ(write("kept").first, "none");
  const fs::path moved = folder_.path() / "moved";
  fs::rename(elsewhere_, moved);
  fs::remove(path_);
  fs::create_symlink(moved, path_);
  // The path of the store is a symbolic link. SQLite still has its files open, but the next start
  // would look for the write-ahead log beside the link's new target.
  EXPECT_EQ(write("stray").first, "moved");
  EXPECT_TRUE(is_in(moved, "kept"));
}

// An acknowledged notification is only in the write-ahead log until a checkpoint copies it into the
// database file. So, when the log was removed, the store must run a checkpoint at once.
TEST_F(SqliteFilesTest, SaveWhatWasAcknowledgedWhenTheLogIsRemoved) {
  ASSERT_EQ(write("kept").first, "none");
  EXPECT_FALSE(is_in(path_, "kept")) << "it is in the log alone";
  fs::remove(path_.string() + "-wal");
  expect_lost("log removed");
  EXPECT_TRUE(is_in(path_, "kept")) << "whatever ends the process now";
  EXPECT_NE(reader_->check_place().error().message.find("now holds all that was acknowledged"),
            std::string::npos);
  close();
  open();
  expect_back("restart");
}

// An older copy of the write-ahead log has valid checksums, so SQLite would apply it to the
// database and undo later writes.
TEST_F(SqliteFilesTest, SetAsideACopyOfTheLogThatTookItsPlace) {
  ASSERT_EQ(write("kept").first, "none");
  const fs::path log = path_.string() + "-wal";
  fs::copy_file(log, elsewhere_);
  for (int i = 0; i < 50; ++i) ASSERT_EQ(write(numbered("kept-", i)).first, "none");
  fs::rename(elsewhere_, log);
  expect_lost("log replaced by a copy");
  EXPECT_FALSE(fs::exists(log));
  const auto message = reader_->check_place().error().message;
  EXPECT_NE(message.find("what was in the file's place is now " + log.string()), std::string::npos)
      << message;
  const TemporaryFolder killed;  // has the files that the next start after kill -9 would find
  fs::copy_file(path_, killed.path() / "s.db");
  const auto store = Store::open({"sqlite", killed.path() / "s.db"}, {}, kNow).value();
  auto reader = store->reader().value();
  EXPECT_TRUE(reader->check_integrity());
  EXPECT_TRUE(Reader(std::move(reader)).notification("kept-49").value().has_value());
}

TEST_F(SqliteFilesTest, LeaveNoLogBehindThatWouldSpoilARestoredDatabase) {
  ASSERT_EQ(write("before").first, "none");
  const fs::path backup = folder_.path() / "backup.db";
  close();
  fs::copy_file(path_, backup);
  open();
  ASSERT_EQ(write("after").first, "none");
  fs::rename(backup, path_);
  EXPECT_FALSE(writer_->check_place());
  EXPECT_EQ(fs::file_size(path_.string() + "-wal"), 0U);
  close();
  open();
  EXPECT_TRUE(reader_->check_integrity());
  expect_back("restore");
}

TEST_F(SqliteFilesTest, ClosingTheLastLeavesTheLogOfAnotherStoreAlone) {
  fs::rename(path_.parent_path(), elsewhere_);
  fs::create_directory(path_.parent_path());
  const fs::path log = path_.string() + "-wal";
  std::ofstream(path_) << "another store";
  std::ofstream(log) << "its log";
  EXPECT_FALSE(reader_->check_place());
  close();
  EXPECT_TRUE(fs::exists(log));
}

TEST_F(SqliteFilesTest, AreDistinguishedFromAStoreReplacedBeforeUse) {
  close();
  store_ = Store::open({"sqlite", path_}, {}, kNow).value();
  fs::copy_file(path_, elsewhere_);
  fs::rename(elsewhere_, path_);
  const auto writer = store_->writer();
  ASSERT_FALSE(writer);
  EXPECT_EQ(writer.error().code, FailureCode::kMoved) << writer.error().message;
}

/// Mounts another file system over the folder of a store, in a child process with its own mount
/// namespace.
/// \return the child's exit code: 0 if the store noticed the mount, 77 if mounting is not allowed.
int hide_under_mount(const fs::path& path) {
  const pid_t child = ::fork();
  if (child == 0) {
    if (::unshare(CLONE_NEWNS) != 0) ::_exit(77);
    if (::mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr) != 0) ::_exit(77);
    auto store = Store::open({"sqlite", path}, {}, kNow).value();
    auto connection = store->writer().value();
    if (!connection->check_place()) ::_exit(1);
    const std::string folder = path.parent_path().string();
    if (::mount("tmpfs", folder.c_str(), "tmpfs", 0, nullptr) != 0) ::_exit(77);
    const auto hidden = connection->check_place();
    if (hidden || hidden.error().code != FailureCode::kMoved) ::_exit(2);
    std::ofstream(path) << "a store in the volume";
    const auto other = connection->check_place();
    if (other || other.error().message.find("hidden under") == std::string::npos) ::_exit(3);
    if (::umount(folder.c_str()) != 0) ::_exit(4);
    ::_exit(connection->check_place() ? 0 : 5);
  }
  int status = 0;
  ::waitpid(child, &status, 0);
  return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

TEST_F(SqliteFilesTest, AreLostWhenAVolumeIsMountedOverThem) {
  close();
  const int code = hide_under_mount(path_);
  if (code == 77) GTEST_SKIP() << "mounting is not allowed here";
  EXPECT_EQ(code, 0);
}

// The place of the database files is checked with every group commit, so one check may take only
// microseconds.
TEST_F(SqliteFilesTest, AreCheckedInNoTime) {
  constexpr int kTimes = 2000;
  const auto begun = std::chrono::steady_clock::now();
  for (int i = 0; i < kTimes; ++i) ASSERT_TRUE(writer_->check_place());
  const std::chrono::duration<double, std::micro> took = std::chrono::steady_clock::now() - begun;
  RecordProperty("check_us", std::to_string(took.count() / kTimes));
  EXPECT_LT(took.count() / kTimes, 1000) << "us a check";
}

}  // namespace
}  // namespace couponhook::storage
