// Checks that every acknowledged notification survives a killed process. A child process stores
// notifications and writes the ids that are acknowledged to a pipe. The test kills the child at a
// random moment, ten times, and once after a purge whose transaction was larger than SQLite's page
// cache.

#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <random>
#include <set>
#include <system_error>
#include <thread>

#include "storage/retention/purge.hpp"
#include "store_fixture.hpp"

namespace couponhook::storage {
namespace {

/// Listener that writes the id of a notification to a pipe when the notification is committed.
class Acknowledge final : public AdmitListener {
 public:
  Acknowledge(int pipe, std::int32_t id) : pipe_(pipe), id_(id) {}
  void admitted(AdmitResult&& result) noexcept override {
    if (result.outcome != AdmitOutcome::kStored) return;
    if (::write(pipe_, &id_, sizeof id_) != sizeof id_) ::_exit(3);
  }

 private:
  int pipe_;
  std::int32_t id_;
};

[[noreturn]] void admit_until_killed(const StoreUrl& url, int pipe, std::int32_t first_id) {
  auto store = Store::open(url, {}, kNow);
  if (!store) ::_exit(2);
  Inbox inbox((*store)->writer().value(), {.queue_max = 64}, [] { return kNow; }, nullptr);
  for (std::int32_t id = first_id;;) {
    Admission a = redemption(numbered("n", id), numbered("c", id), "t");
    a.resource.append(1000, 'x');
    if (inbox.admit(std::move(a), std::make_shared<Acknowledge>(pipe, id)) == Inbox::Queued::kYes) {
      ++id;
    } else {
      std::this_thread::yield();
    }
  }
}

std::set<std::int32_t> read_all(int pipe) {
  std::set<std::int32_t> ids;
  std::int32_t id = 0;
  while (::read(pipe, &id, sizeof id) == sizeof id) ids.insert(id);
  return ids;
}

/// A child process that stores notifications, and the end of its pipe from which the test reads.
struct Child {
  pid_t id;
  int pipe;
};

template <typename Work>
Child start_child(Work&& work) {
  int ends[2];
  if (::pipe(ends) != 0) throw std::system_error(errno, std::generic_category(), "pipe");
  const pid_t child = ::fork();
  if (child < 0) throw std::system_error(errno, std::generic_category(), "fork");
  if (child == 0) {
    ::close(ends[0]);
    work(ends[1]);
    ::_exit(4);
  }
  ::close(ends[1]);
  return {child, ends[0]};
}

/// Runs the child process, waits for its first acknowledged notification (which may take long on a
/// busy machine), and kills the child when the time `life` has passed after that.
/// \return the ids of the acknowledged notifications.
std::set<std::int32_t> acknowledged_before_kill(const StoreUrl& url, std::int32_t first_id,
                                                std::chrono::milliseconds life) {
  const auto [child, pipe] = start_child([&](int out) { admit_until_killed(url, out, first_id); });
  std::set<std::int32_t> ids;
  if (std::int32_t first = 0; ::read(pipe, &first, sizeof first) == sizeof first) {
    ids.insert(first);
  }
  std::thread killer([life, id = child] {
    std::this_thread::sleep_for(life);
    ::kill(id, SIGKILL);
  });
  ids.merge(read_all(pipe));
  killer.join();
  ::close(pipe);
  int status = 0;
  ::waitpid(child, &status, 0);
  EXPECT_TRUE(WIFSIGNALED(status));
  return ids;
}

class CrashTest : public ::testing::TestWithParam<std::string_view> {};
COUPONHOOK_ON_EVERY_ENGINE(CrashTest);

TEST_P(CrashTest, LosesNothingThatWasAcknowledged) {
  const TemporaryFolder folder;
  const StoreUrl url = fresh_url(GetParam(), folder);
  std::mt19937 random(20240101);
  std::size_t total = 0;
  for (int round = 0; round < 10; ++round) {
    const std::chrono::milliseconds life(100 + random() % 200);
    const auto ids = acknowledged_before_kill(url, round * 1'000'000, life);
    total += ids.size();

    const auto store = Store::open(url, {}, kNow);
    ASSERT_TRUE(store) << store.error().message;
    Reader reader((*store)->reader().value());
    for (const std::int32_t id : ids) {
      ASSERT_TRUE(reader.notification(numbered("n", id)).value()) << id;
      ASSERT_EQ(reader.coupon("9856000", numbered("c", id)).value().size(), 1U) << id;
    }
    EXPECT_TRUE((*store)->reader().value()->check_integrity());
  }
  EXPECT_GT(total, 0U);
}

constexpr int kOld = 200;
constexpr int kYoung = 20;

/// Stores old notifications and purges them in one transaction that is larger than SQLite's page
/// cache and does not wait for the disk. The connection stays open, as in a running service.
void keep_and_purge(Connection& connection) {
  BatchWriter batch_writer(connection);
  for (int i = 0; i < kOld; ++i) {
    std::vector<Work> one(1);
    Admission old = admission(numbered("old", i));
    old.resource.append(160 * 1024, 'x');
    old.received_at_ms = 1;
    one[0].content = std::move(old);
    if (!batch_writer.write(one, kNow)) ::_exit(2);
  }
  Purge purge(connection, {.payload_ms = kNow}, PurgeMode::kRemove, std::chrono::steady_clock::now);
  while (purge.counts().payloads < kOld) {
    if (!purge.step(512)) ::_exit(2);
  }
}

[[noreturn]] void purge_and_admit(const StoreUrl& url, int pipe) {
  auto store = Store::open(url, {}, kNow);
  if (!store) ::_exit(2);
  Inbox inbox((*store)->writer().value(), {.batch_max = 1}, [] { return kNow; }, nullptr);
  const auto purging = (*store)->writer().value();
  keep_and_purge(*purging);
  for (std::int32_t id = 0; id < kYoung; ++id) {
    static_cast<void>(inbox.admit(redemption(numbered("n", id), numbered("c", id), "t"),
                                  std::make_shared<Acknowledge>(pipe, id)));
  }
  while (true) ::pause();
}

// In an earlier release, a custom file access layer (SQLite VFS) held back the last bytes of the
// write-ahead log and lost acknowledged notifications. This test shows that acknowledged
// notifications survive the crash now.
TEST_P(CrashTest, LosesNothingAfterAPurgeThatOutgrewThePageCache) {
  const TemporaryFolder folder;
  const StoreUrl url = fresh_url(GetParam(), folder);
  const auto [child, pipe] = start_child([&](int out) { purge_and_admit(url, out); });
  std::set<std::int32_t> ids;
  std::int32_t id = 0;
  while (ids.size() < kYoung && ::read(pipe, &id, sizeof id) == sizeof id) ids.insert(id);
  ::kill(child, SIGKILL);
  ::close(pipe);
  int status = 0;
  ::waitpid(child, &status, 0);
  ASSERT_TRUE(WIFSIGNALED(status)) << "it ended by itself: " << WEXITSTATUS(status);
  ASSERT_EQ(ids.size(), std::size_t{kYoung});

  const auto store = Store::open(url, {}, kNow);
  ASSERT_TRUE(store) << store.error().message;
  Reader reader((*store)->reader().value());
  for (const std::int32_t young : ids) {
    EXPECT_TRUE(reader.notification(numbered("n", young)).value()) << young;
  }
  EXPECT_TRUE(reader.notification("old0").value()->resource.empty()) << "the purge is kept too";
  EXPECT_TRUE((*store)->reader().value()->check_integrity());
}

}  // namespace
}  // namespace couponhook::storage
