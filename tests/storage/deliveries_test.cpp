// Tests of taking deliveries under leases and finishing them: the order of the deliveries of a
// coupon, the end of a lease, and the recorded result. Each test runs on a fresh store, on SQLite
// and on PostgreSQL.

#include "deliveries_fixture.hpp"
#include "storage/delivery_control.hpp"
#include "storage/totals.hpp"

namespace couponhook::storage {
namespace {

using enum DeliveryResult;
using DeliveriesTest = WithDeliveries;
COUPONHOOK_ON_EVERY_ENGINE(DeliveriesTest);

TEST_P(DeliveriesTest, HaveAllDataForTheHandler) {
  keep("n1", "c1");
  Deliveries deliveries = replica();
  const auto claimed = claim(deliveries);
  ASSERT_EQ(claimed.size(), 1U);
  EXPECT_EQ(claimed[0].attempt, 1);
  EXPECT_EQ(claimed[0].handler, "crm");
  EXPECT_EQ(claimed[0].ordering_key, "c1");
  EXPECT_EQ(claimed[0].notification_id, "n1");
  EXPECT_EQ(claimed[0].mchid, "1900000001");
  EXPECT_EQ(claimed[0].event_type, "COUPON.USE");
  EXPECT_EQ(claimed[0].create_time, "2024-01-01T00:00:00+08:00");
  EXPECT_EQ(claimed[0].source, "notification");
  EXPECT_EQ(claimed[0].resource, R"({"content":"a"})");
  EXPECT_EQ(claimed[0].created_at_ms, kNow);
}

TEST_P(DeliveriesTest, GiveNothingTwice) {
  keep("n1", "c1");
  Deliveries a = replica("a");
  Deliveries b = replica("b");
  EXPECT_EQ(ids(claim(a)), Ids{"n1"});
  EXPECT_EQ(ids(claim(b)), Ids{});
}

TEST_P(DeliveriesTest, GiveNoMoreThanIsWantedOfEachHandler) {
  for (const char* id : {"n1", "n2", "n3"}) keep(id, id);
  for (const char* id : {"m1", "m2"}) keep(id, id, "COUPON.USE", "erp");
  Deliveries deliveries = replica();
  const std::array wanted{ClaimRequest{"crm", 2}, ClaimRequest{"erp", 1}};
  EXPECT_EQ(ids(deliveries.claim(wanted, kNow).value()), (Ids{"n1", "n2", "m1"}));
}

TEST_P(DeliveriesTest, GiveOneCouponOneAtATimeInOrder) {
  keep("use", "c1");
  keep("refund", "c1");
  keep("other", "c2");
  Deliveries deliveries = replica();
  const auto first = claim(deliveries);
  EXPECT_EQ(ids(first), (Ids{"use", "other"}));
  EXPECT_EQ(ids(claim(deliveries)), Ids{});
  finish(deliveries, first[0].lease, kDone);
  EXPECT_EQ(ids(claim(deliveries)), Ids{"refund"});
}

TEST_P(DeliveriesTest, KeepTheOrderInWhichOneBatchCame) {
  write_together(event("z-first", "c1"), event("a-second", "c1"));
  Deliveries deliveries = replica();
  EXPECT_EQ(ids(claim(deliveries)), Ids{"z-first"});
}

TEST_P(DeliveriesTest, KeepOrderForEachHandlerByItself) {
  keep("n1", "c1");
  keep("n2", "c1", "COUPON.USE", "erp");
  Deliveries deliveries = replica();
  EXPECT_EQ(ids(claim(deliveries, kNow, 10, "erp")), Ids{"n2"});
}

TEST_P(DeliveriesTest, HoldBackACouponWhileItsFirstWaitsForItsNextAttempt) {
  keep("use", "c1");
  keep("refund", "c1");
  Deliveries deliveries = replica();
  finish(deliveries, claim(deliveries).at(0).lease, kRetry, kNow, kNow + 5000);
  EXPECT_EQ(ids(claim(deliveries, kNow + 4999)), Ids{});
  const auto again = claim(deliveries, kNow + 5000);
  ASSERT_EQ(ids(again), Ids{"use"});
  EXPECT_EQ(again[0].attempt, 2);
  EXPECT_EQ(again[0].last_error, "refused");
}

TEST_P(DeliveriesTest, GoOnWithACouponAfterADeadLetter) {
  keep("use", "c1");
  keep("refund", "c1");
  Deliveries deliveries = replica();
  finish(deliveries, claim(deliveries).at(0).lease, kDead);
  EXPECT_EQ(ids(claim(deliveries)), Ids{"refund"});
}

TEST_P(DeliveriesTest, AreTakenOverWhenALeaseEnds) {
  keep("n1", "c1");
  Deliveries dead = replica("dead");
  Deliveries next_owner = replica("heir");
  claim(dead);
  EXPECT_EQ(ids(claim(next_owner, kNow + kLease - 1)), Ids{});
  const auto taken = claim(next_owner, kNow + kLease);
  ASSERT_EQ(ids(taken), Ids{"n1"});
  EXPECT_EQ(taken[0].attempt, 2);
}

TEST_P(DeliveriesTest, KeepTheirOrderBehindOneWhoseLeaseHasEnded) {
  keep("use", "c1");
  keep("refund", "c1");
  Deliveries dead = replica("dead");
  Deliveries next_owner = replica("heir");
  claim(dead);
  EXPECT_EQ(ids(claim(next_owner, kNow + kLease)), Ids{"use"});
}

TEST_P(DeliveriesTest, CountNoResultOfALeaseThatWasTakenOver) {
  keep("n1", "c1");
  Deliveries slow = replica("slow");
  Deliveries next_owner = replica("heir");
  const Lease lost = claim(slow).at(0).lease;
  const Lease held = claim(next_owner, kNow + kLease).at(0).lease;
  EXPECT_FALSE(finish(slow, lost, kDead));
  EXPECT_EQ(delivery("n1").state, "pending");
  EXPECT_TRUE(finish(next_owner, held, kDone));
  EXPECT_EQ(delivery("n1").state, "done");
}

TEST_P(DeliveriesTest, CountAResultOnce) {
  keep("n1", "c1");
  Deliveries deliveries = replica();
  const Lease lease = claim(deliveries).at(0).lease;
  EXPECT_TRUE(finish(deliveries, lease, kDone));
  EXPECT_FALSE(finish(deliveries, lease, kDead));
  EXPECT_EQ(delivery("n1").state, "done");
}

TEST_P(DeliveriesTest, StayWithTheReplicaThatRenewsTheLease) {
  keep("n1", "c1");
  Deliveries slow = replica("slow");
  Deliveries other = replica("other");
  const std::array held{claim(slow).at(0).lease};
  EXPECT_EQ(slow.renew(held, kNow + kLease - 1).value(), std::vector{true});
  EXPECT_EQ(ids(claim(other, kNow + kLease)), Ids{});
  EXPECT_EQ(ids(claim(other, kNow + 2 * kLease)), Ids{"n1"});
  EXPECT_EQ(slow.renew(held, kNow + 2 * kLease).value(), std::vector{false});
}

TEST_P(DeliveriesTest, AreReturnedAsIfNeverClaimed) {
  keep("n1", "c1");
  Deliveries deliveries = replica();
  const std::array held{claim(deliveries).at(0).lease};
  ASSERT_TRUE(deliveries.release(held, kNow));
  EXPECT_FALSE(finish(deliveries, held[0], kDone));
  const auto again = claim(deliveries);
  ASSERT_EQ(ids(again), Ids{"n1"});
  EXPECT_EQ(again[0].attempt, 1);
}

TEST_P(DeliveriesTest, AreNotReturnedByAReplicaThatLostThem) {
  keep("n1", "c1");
  Deliveries slow = replica("slow");
  Deliveries next_owner = replica("heir");
  const std::array lost{claim(slow).at(0).lease};
  const Lease held = claim(next_owner, kNow + kLease).at(0).lease;
  ASSERT_TRUE(slow.release(lost, kNow + kLease));
  EXPECT_TRUE(finish(next_owner, held, kDone));
}

TEST_P(DeliveriesTest, AreClaimedForReportingAfterASecondLostAttempt) {
  keep("n1", "c1");
  Deliveries dead = replica("dead");
  Deliveries next_owner = replica("heir");
  claim(dead);
  EXPECT_EQ(claim(dead, kNow + kLease).at(0).lost, "") << "once may be chance: made again";
  const auto handed = claim(next_owner, kNow + 2 * kLease);
  ASSERT_EQ(handed.size(), 1U);
  EXPECT_EQ(handed[0].attempt, 2) << "the one that was lost";
  EXPECT_NE(handed[0].lost.find("dead"), std::string::npos);
  finish(next_owner, handed[0].lease, kRetry, kNow + 2 * kLease, kNow + 3 * kLease, handed[0].lost);
  const auto again = claim(next_owner, kNow + 3 * kLease);
  ASSERT_EQ(ids(again), Ids{"n1"});
  EXPECT_EQ(again[0].attempt, 3);
  EXPECT_EQ(again[0].lost, "");
}

TEST_P(DeliveriesTest, CountNoAttemptOfWhatWasOnlyQueued) {
  keep("n1", "c1");
  Deliveries crashing = replica("crashing");
  const std::array queued{ClaimRequest{.handler = "crm", .limit = 1, .begin = 0}};
  std::int64_t now_ms = kNow;
  for (int crash = 0; crash < 25; ++crash, now_ms += kLease) {
    const auto claimed = crashing.claim(queued, now_ms).value();
    ASSERT_EQ(ids(claimed), Ids{"n1"});
    EXPECT_FALSE(claimed[0].begun);
    EXPECT_EQ(claimed[0].attempt, 1);
    EXPECT_EQ(claimed[0].lost, "");
  }
  EXPECT_EQ(delivery("n1").attempts, 0);
  EXPECT_TRUE(delivery("n1").history.empty());
}

TEST_P(DeliveriesTest, CountAnAttemptOnceItBegins) {
  keep("n1", "c1");
  Deliveries a = replica("a");
  Deliveries b = replica("b");
  const std::array queued{ClaimRequest{.handler = "crm", .limit = 1, .begin = 0}};
  const std::array held{a.claim(queued, kNow).value().at(0).lease};
  EXPECT_EQ(a.begin(held, kNow).value(), std::vector{true});
  EXPECT_EQ(delivery("n1").attempts, 1);
  EXPECT_EQ(a.begin(held, kNow).value(), std::vector{true});
  EXPECT_EQ(delivery("n1").attempts, 1) << "counted once";
  const auto again = claim(b, kNow + kLease);
  ASSERT_EQ(ids(again), Ids{"n1"});
  EXPECT_EQ(again[0].attempt, 2) << "the first was lost";
  EXPECT_EQ(delivery("n1").history.at(0).outcome, "lost");
  EXPECT_EQ(a.begin(held, kNow + kLease).value(), std::vector{false}) << "somebody else's now";
  EXPECT_TRUE(finish(b, again[0].lease, kDone, kNow + kLease));
  EXPECT_EQ(delivery("n1").attempts, 2);
}

TEST_P(DeliveriesTest, BeginAsManyAsAreCalledAtOnce) {
  for (const char* id : {"n1", "n2", "n3"}) keep(id, id);
  Deliveries deliveries = replica();
  const std::array wanted{ClaimRequest{.handler = "crm", .limit = 3, .begin = 2}};
  std::vector<bool> begun;
  for (const auto& claimed : deliveries.claim(wanted, kNow).value()) begun.push_back(claimed.begun);
  EXPECT_EQ(begun, (std::vector{true, true, false}));
}

TEST_P(DeliveriesTest, AreNotBegunOnceTheyArePostponed) {
  keep("n1", "c1");
  Deliveries deliveries = replica();
  const Lease lease = claim(deliveries).at(0).lease;
  ASSERT_TRUE(deliveries.postpone(lease));
  EXPECT_EQ(delivery("n1").attempts, 0);
  const auto again = claim(deliveries, kNow + kLease);
  ASSERT_EQ(ids(again), Ids{"n1"});
  EXPECT_EQ(again[0].attempt, 1);
  EXPECT_TRUE(delivery("n1").history.empty());
}

TEST_P(DeliveriesTest, AreReturnedFromTheQueueAsIfNeverClaimed) {
  keep("n1", "c1");
  Deliveries deliveries = replica();
  const std::array queued{ClaimRequest{.handler = "crm", .limit = 1, .begin = 0}};
  const std::array held{deliveries.claim(queued, kNow).value().at(0).lease};
  ASSERT_TRUE(deliveries.release(held, kNow));
  EXPECT_EQ(delivery("n1").attempts, 0);
  EXPECT_EQ(claim(deliveries).at(0).attempt, 1);
}

TEST_P(DeliveriesTest, AreCountedInEveryState) {
  for (const char* id : {"done", "retrying", "dead", "pending"}) keep(id, id);
  Deliveries deliveries = replica();
  for (const ClaimedDelivery& d : claim(deliveries, kNow, 3)) {
    const auto result = d.notification_id == "done"   ? kDone
                        : d.notification_id == "dead" ? kDead
                                                      : kRetry;
    finish(deliveries, d.lease, result, kNow, kNow + 60'000);
  }
  const StoreCounts totals = counts();
  EXPECT_EQ(totals.deliveries_pending, 1);
  EXPECT_EQ(totals.deliveries_retrying, 1);
  EXPECT_EQ(totals.deliveries_dead, 1);
  EXPECT_EQ(totals.deliveries_done, 1);
  const Backlog backlog = deliveries.backlog().value();
  EXPECT_EQ(backlog.pending, 1);
  EXPECT_EQ(backlog.retrying, 1);
  EXPECT_EQ(backlog.dead, 1);
  EXPECT_EQ(backlog.oldest_created_at_ms, kNow);
}

TEST_P(DeliveriesTest, AreCountedByHandlerAndState) {
  Admission two = event("n1", "c1");
  two.deliveries.push_back({.handler = "erp", .ordering_key = "c1"});
  write_together(two);
  for (const char* id : {"done", "retrying", "dead"}) keep(id, id);
  Deliveries deliveries = replica();
  for (const ClaimedDelivery& d : claim(deliveries, kNow, 9)) {
    if (d.notification_id == "n1") continue;
    const auto result = d.notification_id == "done"   ? kDone
                        : d.notification_id == "dead" ? kDead
                                                      : kRetry;
    finish(deliveries, d.lease, result, kNow, kNow + 60'000);
  }
  const auto by_handler = counts().by_handler;
  ASSERT_EQ(by_handler.size(), 2U);
  EXPECT_EQ(by_handler.at("crm").pending, 1);
  EXPECT_EQ(by_handler.at("crm").retrying, 1);
  EXPECT_EQ(by_handler.at("crm").dead, 1);
  EXPECT_EQ(by_handler.at("crm").done, 1);
  EXPECT_EQ(by_handler.at("erp").pending, 1);
  EXPECT_EQ(by_handler.at("erp").done, 0);
}

TEST_P(DeliveriesTest, CountTheHandlerToWhichTheyAreMoved) {
  keep("n1", "c1");
  DeliveryControl control(writer());
  const auto id = reader().notification("n1").value().value().deliveries.at(0).delivery_id;
  ASSERT_EQ(control.move(std::array{id}, "erp", kNow).value().at(0), ControlResult::kDone);
  EXPECT_EQ(counts().by_handler.at("crm").pending, 0);
  EXPECT_EQ(counts().by_handler.at("erp").pending, 1);
  ASSERT_EQ(control.skip(std::array{id}, "no need", kNow).value().at(0), ControlResult::kDone);
  EXPECT_EQ(counts().by_handler.at("erp").pending, 0);
  EXPECT_EQ(counts().by_handler.at("erp").skipped, 1);
}

TEST_P(DeliveriesTest, AreCountedByHandlerAfterAnOlderReleaseHasWritten) {
  for (const char* id : {"n1", "n2", "n3"}) keep(id, id);
  Deliveries deliveries = replica();
  finish(deliveries, claim(deliveries).at(0).lease, kDead);
  // An older release keeps only the totals by state.
  ASSERT_TRUE(writer()->run_script("DELETE FROM counters WHERE name LIKE 'deliveries:%:%'"));
  EXPECT_TRUE(counts().by_handler.empty());
  ASSERT_TRUE(correct_totals(*writer()));
  EXPECT_EQ(counts().by_handler.at("crm").pending, 2);
  EXPECT_EQ(counts().by_handler.at("crm").dead, 1);
  ASSERT_TRUE(correct_totals(*writer()));
  EXPECT_EQ(counts().by_handler.at("crm").pending, 2);
  EXPECT_EQ(counts().deliveries_pending, 2);
}

TEST_P(DeliveriesTest, MakeANotificationDoneWithTheLastOfThem) {
  Admission a = event("n1", "c1");
  a.deliveries.push_back({.handler = "erp", .ordering_key = "c1"});
  write_together(a);
  Deliveries deliveries = replica();
  finish(deliveries, claim(deliveries).at(0).lease, kDone);
  EXPECT_EQ(kept("n1").state, "received");
  finish(deliveries, claim(deliveries, kNow, 1, "erp").at(0).lease, kDone);
  EXPECT_EQ(kept("n1").state, "done");
}

TEST_P(DeliveriesTest, MakeANotificationDeadWithOneOfThem) {
  Admission a = event("n1", "c1");
  a.deliveries.push_back({.handler = "erp", .ordering_key = "c1"});
  write_together(a);
  Deliveries deliveries = replica();
  finish(deliveries, claim(deliveries).at(0).lease, kDead);
  finish(deliveries, claim(deliveries, kNow, 1, "erp").at(0).lease, kDone);
  EXPECT_EQ(kept("n1").state, "dead");
}

TEST_P(DeliveriesTest, ReportWhenTheNextIsDue) {
  const std::array<std::string_view, 1> handlers{"crm"};
  Deliveries deliveries = replica();
  EXPECT_FALSE(deliveries.next_due_ms(handlers).value());
  keep("n1", "c1");
  EXPECT_EQ(deliveries.next_due_ms(handlers).value(), kNow);
  const Lease lease = claim(deliveries).at(0).lease;
  EXPECT_EQ(deliveries.next_due_ms(handlers).value(), kNow + kLease);
  finish(deliveries, lease, kRetry, kNow, kNow + 3000);
  EXPECT_EQ(deliveries.next_due_ms(handlers).value(), kNow + 3000);
}

TEST_P(DeliveriesTest, AreTakenForOneNotificationBeforeTheyAreDue) {
  keep("n1", "c1");
  Deliveries deliveries = replica();
  finish(deliveries, claim(deliveries).at(0).lease, kRetry, kNow, kNow + 600'000);
  const ClaimResult claim_result = claim_result_of(deliveries, "n1", kNow + 1);
  ASSERT_EQ(claim_result.status, ClaimStatus::kClaimed);
  EXPECT_EQ(claim_result.claimed->attempt, 2);
  EXPECT_TRUE(finish(deliveries, claim_result.claimed->lease, kDone));
}

TEST_P(DeliveriesTest, SayWhyTheyAreNotTakenForANotification) {
  keep("running", "c1");
  keep("behind", "c1");
  keep("done", "c2");
  keep("dead", "c3");
  Deliveries deliveries = replica();
  for (const ClaimedDelivery& d : claim(deliveries)) {
    if (d.notification_id == "done") finish(deliveries, d.lease, kDone);
    if (d.notification_id == "dead") finish(deliveries, d.lease, kDead);
  }
  Deliveries other = replica("other");
  EXPECT_EQ(claim_result_of(other, "running").status, ClaimStatus::kInProgress);
  EXPECT_EQ(claim_result_of(other, "behind").status, ClaimStatus::kWaiting);
  EXPECT_EQ(claim_result_of(other, "done").status, ClaimStatus::kDone);
  EXPECT_EQ(claim_result_of(other, "dead").status, ClaimStatus::kDead);
  EXPECT_EQ(claim_result_of(other, "dead").last_error, "refused");
}

TEST_P(DeliveriesTest, AreNoneForANotificationThatIsNotKept) {
  Deliveries deliveries = replica();
  const std::array<std::string_view, 1> handlers{"crm"};
  EXPECT_TRUE(deliveries.claim_of("1900000001", "n1", handlers, kNow).value().empty());
}

TEST_P(DeliveriesTest, WakeTheWorkerOnceCommitted) {
  Ids seen;
  Deliveries deliveries = replica();
  const auto claim_now = [&] { seen = ids(claim(deliveries)); };
  Inbox inbox(
      writer(), {.on_deliveries = claim_now}, [] { return kNow; }, nullptr);
  ASSERT_EQ(inbox.admit(event("n1", "c1"), nullptr), Inbox::Queued::kYes);
  inbox.stop();
  EXPECT_EQ(seen, Ids{"n1"});
}

}  // namespace
}  // namespace couponhook::storage
