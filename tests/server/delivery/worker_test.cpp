// Tests of the delivery worker: stored deliveries are made in order until each is done or dead
// (given up), and none is made twice at the same time. The worker uses a real database and
// simulated time; the target fails on request.

#include <set>

#include "storage/delivery_control.hpp"
#include "worker_fixture.hpp"

namespace couponhook::server {
namespace {

using std::chrono::minutes;
using std::chrono::seconds;
using storage::DeliveryRecord;

struct RecordingListener final : HandledListener {
  void handled(Handled result) noexcept override { results.push_back(result); }
  std::vector<Handled> results;
};

class DeliveryWorkerTest : public WorkerTest {
 protected:
  /// Lets a reply to WeChat Pay wait for the delivery of notification `id`; the returned listener
  /// records the result.
  std::shared_ptr<RecordingListener> ask(const std::string& id,
                                         std::vector<storage::LeasedDelivery> born = {}) {
    auto listener = std::make_shared<RecordingListener>();
    HandledRequest request{"1900000001", id, {"crm"}, {}, listener};
    for (const storage::LeasedDelivery& one : born) {
      storage::ClaimedDelivery delivery;
      delivery.lease = one.lease;
      delivery.handler = one.handler;
      delivery.notification_id = id;
      delivery.mchid = "1900000001";
      request.leased_at_admission.push_back(std::move(delivery));
    }
    worker_->handle(std::move(request));
    return listener;
  }
  /// Claims (takes under leases) the due deliveries for another replica, and returns them.
  std::vector<storage::ClaimedDelivery> claim_elsewhere(storage::Deliveries& there) {
    const storage::ClaimRequest wanted{"crm", 100};
    return *there.claim({&wanted, 1}, now_ms());
  }
  storage::Deliveries elsewhere() {
    return storage::Deliveries(*store_->writer(), {.owner = "there:2"});
  }
  using Results = std::vector<Handled>;
};

TEST_F(DeliveryWorkerTest, DeliversEverythingAfterTenMinutesOfADownTarget) {
  constexpr int kCoupons = 20;
  constexpr int kPerSecond = 5;
  constexpr int kAll = 10 * 60 * kPerSecond;
  bool down = true;
  int call_count = 0;
  std::set<std::string> applied;
  std::map<int, std::vector<int>> order;
  target_.reply = [&](const storage::ClaimedDelivery& delivery) {
    if (down) return FakeTarget::down();
    const int number = std::stoi(delivery.notification_id);
    // The target ignores a notification that it has already applied, and some replies of the target
    // are lost on the way.
    if (applied.insert(delivery.notification_id).second) {
      order[number % kCoupons].push_back(number);
    }
    return ++call_count % 50 == 0 ? FakeTarget::down() : FakeTarget::Reply{};
  };
  for (int i = 0; i < kAll; ++i) {
    keep(std::to_string(i), "coupon-" + std::to_string(i % kCoupons));
    pass(milliseconds(1000 / kPerSecond));
  }
  EXPECT_EQ(counts().stored, kAll) << "every notification is acknowledged meanwhile";
  EXPECT_EQ(counts().deliveries_done, 0);
  down = false;

  pass(minutes(10));

  EXPECT_EQ(counts().deliveries_done, kAll);
  EXPECT_EQ(counts().deliveries_dead, 0);
  EXPECT_EQ(applied.size(), static_cast<std::size_t>(kAll)) << "none lost";
  for (const auto& [coupon, numbers] : order) {
    EXPECT_TRUE(std::ranges::is_sorted(numbers)) << "coupon " << coupon;
    EXPECT_EQ(numbers.size(), static_cast<std::size_t>(kAll / kCoupons));
  }
}

TEST_F(DeliveryWorkerTest, ResumesWithinSecondsAfterTheTargetRecovers) {
  bool down = true;
  target_.reply = [&](const auto&) { return down ? FakeTarget::down() : FakeTarget::Reply{}; };
  make_worker({.initial = seconds(1), .longest = seconds(2)});
  for (int i = 0; i < 8; ++i) keep(std::to_string(i), std::to_string(i));
  pass(minutes(1));
  down = false;
  pass(seconds(35));
  EXPECT_EQ(counts().deliveries_done, 8);
}

TEST_F(DeliveryWorkerTest, DeliversWhatFailsAnyNumberOfTimesBelowTheMaximum) {
  constexpr int kMost = 25;
  make_worker({.initial = seconds(1), .longest = minutes(10), .max_attempts = kMost});
  target_.reply = [&](const storage::ClaimedDelivery& delivery) {
    const std::string& id = delivery.notification_id;
    return target_.calls[id] <= std::stoi(id) ? FakeTarget::busy() : FakeTarget::Reply{};
  };
  for (int k = 0; k <= kMost; ++k) keep(std::to_string(k), std::to_string(k));

  pass(std::chrono::hours(6));

  for (int k = 0; k < kMost; ++k) EXPECT_EQ(target_.calls[std::to_string(k)], k + 1);
  EXPECT_EQ(counts().deliveries_done, kMost);
  EXPECT_EQ(counts().deliveries_dead, 1);
  EXPECT_EQ(target_.calls[std::to_string(kMost)], kMost);
  EXPECT_EQ(delivery(std::to_string(kMost)).state, "dead");
}

TEST_F(DeliveryWorkerTest, CallsOneOfACouponAtATimeInOrder) {
  target_.holds = true;
  for (const char* id : {"1", "2", "3"}) keep(id, "coupon");
  pass(seconds(1));
  EXPECT_EQ(sender_->waiting(), 1U);
  sender_->let_go(1);
  pass(seconds(1));
  EXPECT_EQ(sender_->waiting(), 1U);
  target_.holds = false;
  sender_->let_go(1);
  pass(seconds(1));
  EXPECT_EQ(target_.order, (std::vector<std::string>{"1", "2", "3"}));
}

TEST_F(DeliveryWorkerTest, ReportsAgainWhatTheStoreCouldNotRecordAndCallsOnce) {
  target_.holds = true;
  keep("1", "coupon");
  pass(milliseconds(10));
  faults_->fail_commits(storage::FailureCode::kFull, 5);
  sender_->let_go(1);
  pass(milliseconds(100));
  EXPECT_EQ(counts().deliveries_done, 0);
  pass(seconds(3));
  EXPECT_EQ(counts().deliveries_done, 1);
  EXPECT_EQ(target_.calls["1"], 1);
}

TEST_F(DeliveryWorkerTest, KeepsALeaseAsLongAsTheCallTakes) {
  auto there = elsewhere();
  target_.holds = true;
  keep("1", "coupon");
  pass(seconds(60));
  EXPECT_TRUE(claim_elsewhere(there).empty());
  sender_->let_go(1);
  pass(seconds(1));
  EXPECT_EQ(delivery("1").state, "done");
  EXPECT_EQ(delivery("1").attempts, 1);
}

TEST_F(DeliveryWorkerTest, LeavesTheResultToTheReplicaThatTookOver) {
  auto there = elsewhere();
  target_.holds = true;
  keep("1", "coupon");
  pass(milliseconds(10));
  EXPECT_EQ(delivery("1").lease_owner, "here:1");
  // This process does nothing for 11 s, so its lease of the delivery expires.
  passed_ += seconds(11);
  ASSERT_EQ(claim_elsewhere(there).size(), 1U);
  target_.reply = [](const auto&) { return FakeTarget::Reply{handlers::Dead{"too late"}}; };
  sender_->let_go(1);
  pass(seconds(1));
  EXPECT_EQ(delivery("1").state, "pending");
  EXPECT_EQ(delivery("1").lease_owner, "there:2");
  EXPECT_NE(delivery("1").history.at(0).error.find("here:1"), std::string::npos);
}

TEST_F(DeliveryWorkerTest, DropsWhatHasNotBegunWhenItsLeaseWasTakenOver) {
  auto there = elsewhere();
  target_.holds = true;
  keep("1", "coupon");
  pass(milliseconds(10));
  ASSERT_EQ(sender_->waiting(), 1U);
  // This process does nothing for 11 s, so its lease of the delivery expires.
  passed_ += seconds(11);
  const auto taken = claim_elsewhere(there);
  ASSERT_EQ(taken.size(), 1U);
  pass(milliseconds(10));
  EXPECT_EQ(sender_->waiting(), 0U);
  const storage::Finished made{.lease = taken[0].lease, .error = {}};
  EXPECT_TRUE(there.finish({&made, 1}, now_ms())->at(0)) << "nothing was given back";
}

TEST_F(DeliveryWorkerTest, MakesADeadLetterOfADeliveryThatCrashesWorkers) {
  const RetryLimits retries{.initial = seconds(1), .longest = minutes(1), .max_attempts = 4};
  int deaths = 0;
  target_.holds = true;
  keep("1", "coupon");
  while (deaths < 20 && delivery("1").state != "dead") {
    make_worker(retries);
    pass(minutes(3));
    if (sender_->waiting() > 0) ++deaths;
    passed_ += seconds(11);  // a longer time than a lease of the delivery worker lasts
  }
  EXPECT_EQ(delivery("1").state, "dead");
  EXPECT_EQ(deaths, 4);
  EXPECT_EQ(delivery("1").attempts, 4);
  EXPECT_NE(delivery("1").last_error.find("its lease ended without a result"), std::string::npos);
}

TEST_F(DeliveryWorkerTest, CountsCallsThatBeganAndNoOthersThroughAnyNumberOfCrashes) {
  constexpr int kAll = 200;
  const RetryLimits retries{.initial = seconds(1), .longest = minutes(1), .max_attempts = 25};
  target_.holds = true;
  for (int i = 0; i < kAll; ++i) keep(std::to_string(i), std::to_string(i));
  for (int crash = 0; crash < 25; ++crash) {
    make_worker(retries);
    pass(milliseconds(100));
    passed_ += seconds(11);  // a longer time than the leases of the delivery worker last
  }
  int never_called = 0;
  for (int i = 0; i < kAll; ++i) {
    const std::string id = std::to_string(i);
    EXPECT_EQ(delivery(id).attempts, target_.sent[id]) << id;
    never_called += target_.sent[id] == 0;
  }
  EXPECT_GT(never_called, 0) << "some were only queued, every time";
  target_.holds = false;
  make_worker(retries);
  pass(minutes(10));
  EXPECT_EQ(counts().deliveries_done, kAll);
  EXPECT_EQ(counts().deliveries_dead, 0);
}

TEST_F(DeliveryWorkerTest, KeepsSlotsBusyAndBeginsWhatWaitsInItsOrder) {
  target_.holds = true;
  for (int i = 0; i < 20; ++i) keep(std::to_string(i), std::to_string(i));
  pass(milliseconds(10));
  EXPECT_EQ(sender_->waiting(), 8U) << "as many as may be called at once";
  EXPECT_EQ(delivery("8").attempts, 0);
  EXPECT_TRUE(delivery("8").leased);
  sender_->let_go(3);
  pass(milliseconds(10));
  EXPECT_EQ(sender_->waiting(), 8U);
  for (const char* id : {"8", "9", "10"}) EXPECT_EQ(delivery(id).attempts, 1) << id;
  EXPECT_EQ(delivery("11").attempts, 0);
}

TEST_F(DeliveryWorkerTest, CallsNoHandlerIfTheAttemptCannotBeCounted) {
  target_.holds = true;
  for (int i = 0; i < 9; ++i) keep(std::to_string(i), std::to_string(i));
  pass(milliseconds(10));
  faults_->fail_commits(storage::FailureCode::kFull, 3);
  sender_->let_go(1);
  pass(milliseconds(100));
  EXPECT_EQ(target_.sent.count("8"), 0U);
  pass(seconds(2));
  EXPECT_EQ(target_.sent["8"], 1);
  EXPECT_EQ(delivery("8").attempts, 1);
}

TEST_F(DeliveryWorkerTest, GivesBackWhatWaitsForASlotWhenItStops) {
  target_.holds = true;
  for (int i = 0; i < 9; ++i) keep(std::to_string(i), std::to_string(i));
  pass(milliseconds(10));
  ASSERT_TRUE(delivery("8").leased);
  worker_->start();
  worker_->stop(seconds(0));
  EXPECT_FALSE(delivery("8").leased);
  EXPECT_EQ(delivery("8").attempts, 0);
}

TEST_F(DeliveryWorkerTest, CountsAReplysCallOnlyOnceASlotIsFreeForIt) {
  target_.holds = true;
  for (int i = 0; i < 8; ++i) keep(std::to_string(i), std::to_string(i));
  pass(milliseconds(10));
  keep("waits", "queue");
  pass(milliseconds(10));
  const auto listener = ask("born", keep("born", "coupon", true));
  pass(milliseconds(10));
  EXPECT_EQ(delivery("born").attempts, 0);
  sender_->let_go(1);
  pass(milliseconds(10));
  EXPECT_EQ(target_.sent["born"], 1) << "it goes before what nobody waits for";
  EXPECT_EQ(target_.sent.count("waits"), 0U);
  EXPECT_EQ(delivery("born").attempts, 1);
  sender_->let_go(8);
  pass(milliseconds(10));
  EXPECT_EQ(listener->results, Results{Handled::kDone});
}

TEST_F(DeliveryWorkerTest, KeepsItsOwnDeliveriesAfterItHung) {
  target_.holds = true;
  keep("1", "coupon");
  pass(milliseconds(10));
  // This process does nothing for 11 s, and no replica takes its deliveries over.
  passed_ += seconds(11);
  keep("2", "other");
  pass(milliseconds(10));
  sender_->let_go(2);
  pass(seconds(1));
  EXPECT_EQ(delivery("1").attempts, 1);
  EXPECT_TRUE(delivery("1").history.empty());
}

TEST_F(DeliveryWorkerTest, DeliversWhatACrashedWorkerHadOnlyQueued) {
  make_worker({.initial = seconds(1), .longest = minutes(1), .max_attempts = 2});
  target_.holds = true;
  keep("dies", "coupon-1");
  keep("innocent", "coupon-2");
  pass(milliseconds(10));
  make_worker({.initial = seconds(1), .longest = minutes(1), .max_attempts = 2});
  target_.holds = false;
  pass(seconds(11));
  EXPECT_EQ(delivery("innocent").state, "done") << "a first loss is made up for at once";
}

TEST_F(DeliveryWorkerTest, FailsTheReplyToAPausedDeliveryAtOnce) {
  storage::DeliveryControl control(*store_->writer());
  ASSERT_TRUE(control.pause("crm", "", "crm is being moved", "admin", now_ms()));
  const auto first = ask("1", keep("1", "coupon", true));
  const auto copy = ask("1");
  pass(milliseconds(10));
  EXPECT_EQ(first->results, Results{Handled::kFailed});
  EXPECT_EQ(copy->results, Results{Handled::kFailed});
  EXPECT_EQ(target_.calls.size(), 0U);
  ASSERT_TRUE(*control.resume("crm", "", now_ms()));
  pass(seconds(2));
  EXPECT_EQ(delivery("1").state, "done");
}

TEST_F(DeliveryWorkerTest, GivesBackWhatHasNotBegunWhenTheTargetIsDown) {
  target_.holds = true;
  target_.reply = [](const auto&) { return FakeTarget::down(); };
  for (int i = 0; i < 8; ++i) keep(std::to_string(i), std::to_string(i));
  pass(milliseconds(10));
  sender_->let_go(5);
  pass(milliseconds(10));
  EXPECT_EQ(sender_->waiting(), 0U);
  for (const char* id : {"5", "6", "7"}) {
    EXPECT_EQ(delivery(id).attempts, 0) << "no attempt is used up";
    EXPECT_FALSE(delivery(id).leased);
  }
}

TEST_F(DeliveryWorkerTest, GivesBackWhatHasNotBegunWhenItStops) {
  make_worker({}, {std::chrono::system_clock::now});
  target_.holds = true;
  keep("1", "coupon");
  worker_->start();
  while (!delivery("1").leased) std::this_thread::sleep_for(milliseconds(1));
  worker_->stop(seconds(10));
  EXPECT_FALSE(delivery("1").leased);
  EXPECT_EQ(delivery("1").attempts, 0);
}

TEST_F(DeliveryWorkerTest, ReportsOnlyRecordedResultsToAReply) {
  target_.holds = true;
  const auto listener = ask("1", keep("1", "coupon", true));
  pass(milliseconds(10));
  faults_->fail_commits(storage::FailureCode::kIo, 1);
  sender_->let_go(1);
  pass(milliseconds(50));
  EXPECT_EQ(listener->results, Results{});
  pass(seconds(1));
  EXPECT_EQ(listener->results, Results{Handled::kDone});
  EXPECT_EQ(target_.calls["1"], 1);
}

TEST_F(DeliveryWorkerTest, LetsCopiesWaitForTheCallThatIsOut) {
  target_.holds = true;
  const auto first = ask("1", keep("1", "coupon", true));
  const auto copy = ask("1");
  pass(milliseconds(10));
  EXPECT_EQ(sender_->waiting(), 1U);
  sender_->let_go(1);
  pass(milliseconds(10));
  EXPECT_EQ(first->results, Results{Handled::kDone});
  EXPECT_EQ(copy->results, Results{Handled::kDone});
}

TEST_F(DeliveryWorkerTest, TriesAgainAtOnceForEveryCopy) {
  target_.reply = [](const auto&) { return FakeTarget::busy(); };
  make_worker({.initial = minutes(10), .longest = minutes(10)});
  const auto first = ask("1", keep("1", "coupon", true));
  pass(milliseconds(10));
  EXPECT_EQ(first->results, Results{Handled::kFailed});
  target_.reply = [](const auto&) { return FakeTarget::Reply{}; };
  const auto copy = ask("1");
  pass(milliseconds(10));
  EXPECT_EQ(copy->results, Results{Handled::kDone});
  const auto later = ask("1");
  pass(milliseconds(10));
  EXPECT_EQ(later->results, Results{Handled::kDone});
  EXPECT_EQ(target_.calls["1"], 2) << "what is done is not done again";
}

TEST_F(DeliveryWorkerTest, NoticesADeliveryByAnotherReplica) {
  auto there = elsewhere();
  passed_ += milliseconds(1);
  keep("1", "coupon");
  const auto taken = claim_elsewhere(there);
  ASSERT_EQ(taken.size(), 1U);
  const auto copy = ask("1");
  pass(seconds(3));
  EXPECT_EQ(copy->results, Results{});
  const storage::Finished made{.lease = taken[0].lease, .error = {}};
  ASSERT_TRUE(there.finish({&made, 1}, now_ms()));
  pass(seconds(1));
  EXPECT_EQ(copy->results, Results{Handled::kDone});
  EXPECT_EQ(target_.calls.size(), 0U);
}

TEST_F(DeliveryWorkerTest, QueriesAFailingStoreOnceForAllWaitingReplies) {
  auto there = elsewhere();
  passed_ += milliseconds(1);
  constexpr int kReplies = 8;
  for (int i = 0; i < kReplies; ++i) keep(std::to_string(i), std::to_string(i));
  ASSERT_EQ(claim_elsewhere(there).size(), std::size_t{kReplies});
  for (int i = 0; i < kReplies; ++i) ask(std::to_string(i));
  pass(milliseconds(10));
  faults_->fail_commits(storage::FailureCode::kIo);
  const int asked_before = faults_->begun();
  pass(milliseconds(600));
  const int asked = faults_->begun() - asked_before;
  EXPECT_GT(asked, 0);
  EXPECT_LT(asked, kReplies / 2);
}

TEST_F(DeliveryWorkerTest, ReportsAQueuedDeliveryToItsReplyAtOnce) {
  target_.holds = true;
  keep("1", "coupon");
  pass(milliseconds(10));
  const auto behind = ask("2", keep("2", "coupon", true));
  pass(milliseconds(600));
  EXPECT_EQ(behind->results, Results{});
  EXPECT_EQ(sender_->waiting(), 1U);
  target_.holds = false;
  sender_->let_go(1);
  pass(milliseconds(10));
  EXPECT_EQ(behind->results, Results{Handled::kDone});
}

TEST_F(DeliveryWorkerTest, ReportsADeadLetterAsFailedToACopy) {
  target_.reply = [](const auto&) { return FakeTarget::Reply{handlers::Dead{"gone"}}; };
  keep("1", "coupon");
  pass(milliseconds(10));
  const auto copy = ask("1");
  pass(milliseconds(10));
  EXPECT_EQ(copy->results, Results{Handled::kFailed});
}

}  // namespace
}  // namespace couponhook::server
