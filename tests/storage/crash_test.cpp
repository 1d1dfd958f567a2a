// Every row that was acknowledged is there after the process was killed, whatever it was doing.
// A child admits rows and writes the ids it was told of to a pipe; it is killed at random, ten
// times.

#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <random>
#include <set>
#include <thread>

#include "store_fixture.hpp"

namespace couponhook::storage {
namespace {

/// Writes its id to a pipe when that is committed.
class Acknowledge final : public AdmitListener {
 public:
  Acknowledge(int pipe, std::int32_t id) : pipe_(pipe), id_(id) {}
  void admitted(AdmitOutcome outcome) noexcept override {
    if (outcome != AdmitOutcome::kStored) return;
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

/// Runs the child for a moment, kills it, and gives what it was told.
std::set<std::int32_t> acknowledged_before_kill(const StoreUrl& url, std::int32_t first_id,
                                                std::chrono::milliseconds life) {
  int ends[2];
  if (::pipe(ends) != 0) return {};
  const pid_t child = ::fork();
  if (child == 0) {
    ::close(ends[0]);
    admit_until_killed(url, ends[1], first_id);
  }
  ::close(ends[1]);
  std::thread killer([&] {
    std::this_thread::sleep_for(life);
    ::kill(child, SIGKILL);
  });
  auto ids = read_all(ends[0]);
  killer.join();
  ::close(ends[0]);
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

}  // namespace
}  // namespace couponhook::storage
