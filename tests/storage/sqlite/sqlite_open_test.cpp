// Checks that a database file that SQLite could open only for reading is never used for writing.
// The tests make each open() call of SQLite fail once, then make all calls fail, then limit the
// number of file descriptors.

#include <fcntl.h>
#include <sqlite3.h>
#include <sys/resource.h>
#include <unistd.h>

#include <cerrno>

#include "storage/sqlite/sqlite_connection.hpp"
#include "storage/store_fixture.hpp"

namespace couponhook::storage {
namespace {

namespace fs = std::filesystem;

/// Makes the open() calls with which SQLite opens files for writing fail with EMFILE (too many open
/// files): `count` calls, beginning with call number `first`.
class FailingOpens {
 public:
  FailingOpens(int first, int count) {
    seen_ = 0;
    first_ = first;
    last_ = first + count - 1;
    vfs()->xSetSystemCall(vfs(), "open", reinterpret_cast<sqlite3_syscall_ptr>(&open_or_fail));
  }
  FailingOpens(const FailingOpens&) = delete;
  FailingOpens& operator=(const FailingOpens&) = delete;
  ~FailingOpens() { vfs()->xSetSystemCall(vfs(), "open", nullptr); }

  [[nodiscard]] static bool has_failed() { return seen_ >= first_; }

 private:
  static sqlite3_vfs* vfs() { return sqlite3_vfs_find(nullptr); }
  static int open_or_fail(const char* path, int flags, int mode) {
    const bool writes = (flags & O_ACCMODE) == O_RDWR;
    if (writes && ++seen_ >= first_ && seen_ <= last_) {
      errno = EMFILE;
      return -1;
    }
    return ::open(path, flags, mode);
  }

  inline static int seen_ = 0, first_ = 0, last_ = 0;
};

Connection::Result<void> use(const StoreUrl& url) {
  auto store = Store::open(url, {}, kNow);
  if (!store) return store.error();
  auto reader = (*store)->reader();
  if (!reader) return reader.error();
  // Opens three connections that write, as many as a service has; each of the connections must be
  // able to write.
  for (int i = 0; i < 3; ++i) {
    auto writer = (*store)->writer();
    if (!writer) return writer.error();
    BatchWriter batch_writer(**writer);
    std::vector<Work> batch(1);
    batch[0].content = admission(numbered("n", i));
    if (auto written = batch_writer.write(batch, kNow); !written) {
      ADD_FAILURE() << "a connection was given that cannot write: " << written.error().message;
    }
  }
  EXPECT_TRUE(Reader(std::move(*reader)).notification("n0").value());
  return {};
}

TEST(SqliteOpen, IsTriedAgainWhereAnySingleOneFailed) {
  const TemporaryFolder folder;
  int failed = 0;
  for (const bool made : {false, true}) {
    for (int nth = 1;; ++nth) {
      const StoreUrl url{"sqlite", folder.path() / numbered(made ? "made" : "new", nth)};
      if (made) {
        ASSERT_TRUE(use(url));
      }
      const FailingOpens failing(nth, 1);
      const auto used = use(url);
      EXPECT_TRUE(used) << "open " << nth << ": " << used.error().message;
      if (!FailingOpens::has_failed()) break;
      ++failed;
    }
  }
  EXPECT_GT(failed, 10) << "the database's, its log's and its index's";
}

TEST(SqliteOpen, IsRefusedWhereItGoesOnFailing) {
  const TemporaryFolder folder;
  for (int nth = 1; nth < 8; ++nth) {
    const StoreUrl url{"sqlite", folder.path() / numbered("s", nth)};
    ASSERT_TRUE(use(url));
    const FailingOpens failing(nth, 1 << 20);
    const auto used = use(url);
    if (!FailingOpens::has_failed()) break;
    ASSERT_FALSE(used) << nth;
    EXPECT_EQ(used.error().code, FailureCode::kNoAccess) << used.error().message;
    EXPECT_EQ(used.error().message.find("permissions"), std::string::npos)
        << "nothing is wrong with those: " << used.error().message;
  }
}

TEST(SqliteOpen, NamesDescriptorsWhereTheyAreShort) {
  const TemporaryFolder folder;
  const StoreUrl url{"sqlite", folder.path() / "s.db"};
  ASSERT_TRUE(use(url));
  rlimit before{};
  ASSERT_EQ(::getrlimit(RLIMIT_NOFILE, &before), 0);
  const int next = ::dup(0);
  ::close(next);
  int refused = 0;
  for (int spare = 1; spare < 9; ++spare) {
    const rlimit few{static_cast<rlim_t>(next + spare), before.rlim_max};
    ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &few), 0);
    const auto used = use(url);
    ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &before), 0);
    if (used) continue;
    ++refused;
    EXPECT_NE(used.error().message.find("Too many open files"), std::string::npos)
        << spare << ": " << used.error().message;
  }
  EXPECT_GT(refused, 2);
}

TEST(SqliteOpen, NamesPermissionsWhereTheyAreWrong) {
  if (::geteuid() == 0) GTEST_SKIP() << "the superuser may write anywhere";
  const TemporaryFolder folder;
  const StoreUrl url{"sqlite", folder.path() / "s.db"};
  ASSERT_TRUE(use(url));
  fs::permissions(url.path, fs::perms::owner_read);
  const auto used = use(url);
  ASSERT_FALSE(used);
  EXPECT_NE(used.error().message.find("Permission denied"), std::string::npos)
      << used.error().message;
}

}  // namespace
}  // namespace couponhook::storage
