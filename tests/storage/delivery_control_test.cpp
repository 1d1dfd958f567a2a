// Tests of operators' commands on deliveries (retry, skip, pause, resume), and of the lists of
// deliveries.

#include <thread>

#include "deliveries_fixture.hpp"
#include "storage/delivery_control.hpp"

namespace couponhook::storage {
namespace {

using enum DeliveryResult;

class DeliveryControlTest : public WithDeliveries {
 protected:
  [[nodiscard]] DeliveryControl control() { return DeliveryControl(writer()); }
  ControlResult retry(std::string_view id, std::int64_t now_ms = kNow) {
    const std::array ids{delivery(id).delivery_id};
    return control().retry(ids, now_ms).value().at(0);
  }
  ControlResult skip(std::string_view id, std::int64_t now_ms = kNow) {
    const std::array ids{delivery(id).delivery_id};
    return control().skip(ids, "sent by hand", now_ms).value().at(0);
  }
  /// Stores one notification with a delivery, and lets the delivery fail for good (dead letter).
  void keep_dead(const std::string& id, const std::string& coupon = "c1") {
    keep(id, coupon);
    Deliveries deliveries = replica();
    finish(deliveries, claim(deliveries).at(0).lease, kDead, kNow, 0, "gone for good");
  }
  /// Retries the dead delivery `id` while a later delivery of the same coupon (`successor`) is in
  /// progress.
  /// \return the lease of the later delivery.
  Lease bring_back_beside_its_successor(Deliveries& deliveries, const std::string& id,
                                        const std::string& successor) {
    keep_dead(id);
    keep(successor, "c1");
    const auto running = claim(deliveries);
    EXPECT_EQ(ids(running), Ids{successor});
    retry(id);
    EXPECT_EQ(ids(claim(deliveries)), Ids{});
    return running.at(0).lease;
  }
  Ids listed(const DeliveryFilter& filter) {
    Ids found;
    for (const DeliveryRecord& record : reader().deliveries(filter).value().items) {
      found.push_back(record.notification_id);
    }
    return found;
  }
};
COUPONHOOK_ON_EVERY_ENGINE(DeliveryControlTest);

DeliveryFilter filter() {
  return {};
}

TEST_P(DeliveryControlTest, PutsADeadLetterBack) {
  keep_dead("n1");
  EXPECT_EQ(retry("n1"), ControlResult::kDone);
  EXPECT_EQ(kept("n1").state, "received");
  Deliveries deliveries = replica();
  const auto claimed = claim(deliveries);
  ASSERT_EQ(ids(claimed), Ids{"n1"});
  EXPECT_TRUE(finish(deliveries, claimed[0].lease, kDone));
  EXPECT_EQ(kept("n1").state, "done");
}

TEST_P(DeliveryControlTest, CountsAttemptsFromZeroAfterARetry) {
  keep_dead("n1");
  retry("n1");
  Deliveries deliveries = replica();
  EXPECT_EQ(claim(deliveries).at(0).attempt, 1);
  EXPECT_EQ(delivery("n1").attempts, 2);
}

TEST_P(DeliveryControlTest, KeepsTotalsRightWhateverIsDone) {
  keep_dead("n1");
  retry("n1");
  EXPECT_EQ(counts().deliveries_dead, 0);
  EXPECT_EQ(counts().deliveries_retrying, 1);
  skip("n1");
  EXPECT_EQ(counts().deliveries_retrying, 0);
  EXPECT_EQ(counts().deliveries_skipped, 1);
  retry("n1");
  EXPECT_EQ(counts().deliveries_skipped, 0);
  EXPECT_EQ(counts().deliveries_retrying, 1);
}

TEST_P(DeliveryControlTest, MakesOneThatWaitsForItsNextAttemptDue) {
  keep("n1", "c1");
  Deliveries deliveries = replica();
  finish(deliveries, claim(deliveries).at(0).lease, kRetry, kNow, kNow + 600'000);
  EXPECT_EQ(retry("n1"), ControlResult::kDone);
  EXPECT_EQ(ids(claim(deliveries)), Ids{"n1"});
}

TEST_P(DeliveryControlTest, LeavesWhatIsBeingMade) {
  keep("n1", "c1");
  Deliveries deliveries = replica();
  const Lease lease = claim(deliveries).at(0).lease;
  EXPECT_EQ(retry("n1"), ControlResult::kRunning);
  EXPECT_EQ(skip("n1", kNow + kLease - 1), ControlResult::kRunning);
  EXPECT_TRUE(finish(deliveries, lease, kDone));
}

TEST_P(DeliveryControlTest, KeepsOneAtATimeWhenADeadOneComesBackBeforeItsSuccessor) {
  Deliveries deliveries = replica();
  const Lease successor = bring_back_beside_its_successor(deliveries, "use", "refund");
  finish(deliveries, successor, kDone);
  EXPECT_EQ(ids(claim(deliveries)), Ids{"use"});
}

TEST_P(DeliveryControlTest, GivesADeadOneThatCameBackItsTurnWhenTheOneBegunBeforeFails) {
  Deliveries deliveries = replica();
  const Lease successor = bring_back_beside_its_successor(deliveries, "use", "refund");
  finish(deliveries, successor, kRetry, kNow, kNow);
  // This claim of deliveries puts the delivery "refund" aside, because "use", an earlier delivery
  // of the same coupon, goes first.
  claim(deliveries);
  EXPECT_EQ(ids(claim(deliveries)), Ids{"use"});
}

TEST_P(DeliveryControlTest, FinishesWhatWasBegunBeforeADeadOneThatCameBack) {
  keep_dead("use");
  keep("refund", "c1");
  Deliveries lost = replica("lost");
  claim(lost);
  retry("use");
  Deliveries next_owner = replica("heir");
  const auto taken = claim(next_owner, kNow + kLease);
  ASSERT_EQ(ids(taken), Ids{"refund"});
  finish(next_owner, taken[0].lease, kDone, kNow + kLease);
  EXPECT_EQ(ids(claim(next_owner, kNow + kLease)), Ids{"use"});
}

TEST_P(DeliveryControlTest, FindsNoDeliveryThatIsNotThere) {
  const std::array ids{std::int64_t{42}};
  EXPECT_EQ(control().retry(ids, kNow).value().at(0), ControlResult::kNotFound);
  EXPECT_EQ(control().skip(ids, "why", kNow).value().at(0), ControlResult::kNotFound);
}

TEST_P(DeliveryControlTest, SkipsWithAReason) {
  keep_dead("n1");
  EXPECT_EQ(skip("n1"), ControlResult::kDone);
  EXPECT_EQ(delivery("n1").state, "skipped");
  EXPECT_EQ(delivery("n1").last_error, "sent by hand");
  EXPECT_EQ(kept("n1").state, "done");
  EXPECT_EQ(skip("n1"), ControlResult::kEnded);
}

TEST_P(DeliveryControlTest, LetsTheCouponGoOnAfterASkip) {
  keep("use", "c1");
  keep("refund", "c1");
  Deliveries deliveries = replica();
  finish(deliveries, claim(deliveries).at(0).lease, kRetry, kNow, kNow + 600'000);
  EXPECT_EQ(ids(claim(deliveries)), Ids{});
  skip("use");
  EXPECT_EQ(ids(claim(deliveries)), Ids{"refund"});
}

TEST_P(DeliveryControlTest, LetsNoResultUndoASkip) {
  keep("n1", "c1");
  Deliveries deliveries = replica();
  const Lease lease = claim(deliveries).at(0).lease;
  EXPECT_EQ(skip("n1", kNow + kLease), ControlResult::kDone);
  EXPECT_FALSE(finish(deliveries, lease, kRetry));
  EXPECT_EQ(delivery("n1").state, "skipped");
}

TEST_P(DeliveryControlTest, HoldsBackAHandlerOnEveryReplica) {
  keep("n1", "c1");
  keep("m1", "c1", "COUPON.USE", "erp");
  ASSERT_TRUE(control().pause("crm", "", "crm is being moved", "admin", kNow));
  Deliveries deliveries = replica();
  const std::array<std::string_view, 1> handlers{"crm"};
  EXPECT_EQ(ids(claim(deliveries)), Ids{});
  EXPECT_EQ(ids(claim(deliveries, kNow, 10, "erp")), Ids{"m1"});
  EXPECT_FALSE(deliveries.next_due_ms(handlers).value());
  EXPECT_EQ(claim_result_of(deliveries, "n1").status, ClaimStatus::kPaused);
  EXPECT_TRUE(control().resume("crm", "", kNow).value());
  EXPECT_EQ(ids(claim(deliveries)), Ids{"n1"});
}

TEST_P(DeliveryControlTest, HoldsBackEventsOfAPatternAndLetsThemGo) {
  keep("use", "c1", "COUPON.USE");
  keep("refund", "c2", "REFUND.SUCCESS");
  ASSERT_TRUE(control().pause("", "COUPON.*", "why", "admin", kNow));
  Deliveries deliveries = replica();
  EXPECT_EQ(ids(claim(deliveries)), Ids{"refund"});
  EXPECT_TRUE(delivery("use").paused);
  EXPECT_TRUE(control().resume("", "COUPON.*", kNow).value());
  EXPECT_EQ(ids(claim(deliveries)), Ids{"use"});
}

TEST_P(DeliveryControlTest, HoldsBackACouponBehindAPausedEvent) {
  keep("use", "c1", "COUPON.USE");
  keep("refund", "c1", "REFUND.SUCCESS");
  ASSERT_TRUE(control().pause("", "COUPON.USE", "why", "admin", kNow));
  Deliveries deliveries = replica();
  EXPECT_EQ(ids(claim(deliveries)), Ids{});
  ASSERT_TRUE(control().resume("", "COUPON.USE", kNow));
  const auto first = claim(deliveries);
  ASSERT_EQ(ids(first), Ids{"use"});
  finish(deliveries, first[0].lease, kDone);
  EXPECT_EQ(ids(claim(deliveries)), Ids{"refund"});
}

TEST_P(DeliveryControlTest, SaysOfEveryPausedEventOfACouponThatItIsPaused) {
  keep("first", "c1", "COUPON.USE");
  keep("second", "c1", "COUPON.USE");
  keep("refund", "c1", "REFUND.SUCCESS");
  ASSERT_TRUE(control().pause("", "COUPON.*", "why", "admin", kNow));
  Deliveries deliveries = replica();
  EXPECT_EQ(claim_result_of(deliveries, "second").status, ClaimStatus::kPaused)
      << "before any claim";
  EXPECT_EQ(ids(claim(deliveries)), Ids{});
  EXPECT_EQ(claim_result_of(deliveries, "first").status, ClaimStatus::kPaused);
  EXPECT_EQ(claim_result_of(deliveries, "second").status, ClaimStatus::kPaused);
  EXPECT_EQ(claim_result_of(deliveries, "refund").status, ClaimStatus::kWaiting);
}

TEST_P(DeliveryControlTest, ListsWhatIsPausedOnce) {
  ASSERT_TRUE(control().pause("crm", "", "first", "admin", kNow));
  ASSERT_TRUE(control().pause("crm", "", "second", "admin", kNow));
  const auto pauses = reader().pauses().value();
  ASSERT_EQ(pauses.size(), 1U);
  EXPECT_EQ(pauses[0].handler, "crm");
  EXPECT_EQ(pauses[0].reason, "first");
  EXPECT_EQ(pauses[0].created_by, "admin");
  EXPECT_TRUE(control().resume("crm", "", kNow).value());
  EXPECT_FALSE(control().resume("crm", "", kNow).value());
  EXPECT_TRUE(reader().pauses().value().empty());
}

// The tests below are about the history of attempts of a delivery.

TEST_P(DeliveryControlTest, ReportsTheResultOfEachAttempt) {
  keep("n1", "c1");
  Deliveries deliveries = replica();
  finish(deliveries, claim(deliveries).at(0).lease, kRetry, kNow, kNow, "status 500");
  claim(deliveries);  // the replica takes the lease on the delivery and never reports a result
  finish(deliveries, claim(deliveries, kNow + kLease).at(0).lease, kDead, kNow + kLease, 0, "410");
  const auto history = delivery("n1").history;
  ASSERT_EQ(history.size(), 3U);
  EXPECT_EQ(history[0].outcome, "retry");
  EXPECT_EQ(history[0].error, "status 500");
  EXPECT_EQ(history[1].outcome, "lost");
  EXPECT_EQ(history[2].outcome, "dead");
  EXPECT_EQ(history[2].attempt, 3);
}

TEST_P(DeliveryControlTest, KeepsTheLatestAttemptsOfAnEndlessFailure) {
  keep("n1", "c1");
  Deliveries deliveries = replica();
  for (int i = 0; i < 40; ++i) {
    finish(deliveries, claim(deliveries).at(0).lease, kRetry, kNow, kNow);
  }
  const auto history = delivery("n1").history;
  ASSERT_EQ(history.size(), 32U);
  EXPECT_EQ(history.front().attempt, 9);
  EXPECT_EQ(history.back().attempt, 40);
}

// The tests below are about the lists of deliveries and their filters.

TEST_P(DeliveryControlTest, ListsDeliveriesOfEachFilter) {
  keep_dead("dead");
  keep("use", "c2");
  keep("send", "c3", "COUPON.SEND");
  keep("erp", "c4", "COUPON.USE", "erp");
  Admission other = event("other-merchant", "c5");
  other.mchid = "1900000002";
  write_together(other);
  EXPECT_EQ(listed(filter()), (Ids{"other-merchant", "erp", "send", "use", "dead"}));
  DeliveryFilter wanted = filter();
  wanted.handler = "erp";
  EXPECT_EQ(listed(wanted), Ids{"erp"});
  wanted = filter();
  wanted.state = "dead";
  EXPECT_EQ(listed(wanted), Ids{"dead"});
  wanted = filter();
  wanted.event_type = "COUPON.SEND";
  EXPECT_EQ(listed(wanted), Ids{"send"});
  wanted = filter();
  wanted.error = "for good";
  EXPECT_EQ(listed(wanted), Ids{"dead"});
  wanted = filter();
  wanted.mchid = "1900000002";
  EXPECT_EQ(listed(wanted), Ids{"other-merchant"});
  wanted.state = "pending";
  EXPECT_EQ(listed(wanted), Ids{"other-merchant"});
  wanted = filter();
  wanted.since_ms = kNow + 1;
  EXPECT_EQ(listed(wanted), Ids{});
}

TEST_P(DeliveryControlTest, PagesThroughWhatIsOpen) {
  for (const char* id : {"n1", "n2", "n3"}) keep(id, id);
  DeliveryFilter wanted = filter();
  wanted.state = "pending";
  wanted.limit = 2;
  const DeliveryPage first = reader().deliveries(wanted).value();
  ASSERT_EQ(first.items.size(), 2U);
  wanted.before_delivery = first.next_before_delivery;
  EXPECT_EQ(listed(wanted), Ids{"n1"});
}

TEST_P(DeliveryControlTest, WalksThroughAListWhileItIsPutBack) {
  for (const char* id : {"n1", "n2", "n3"}) keep_dead(id, id);
  DeliveryFilter wanted = filter();
  wanted.state = "dead";
  wanted.limit = 2;
  Ids put_back;
  do {
    const DeliveryPage page = reader().deliveries(wanted).value();
    for (const DeliveryRecord& record : page.items) {
      put_back.push_back(record.notification_id);
      retry(record.notification_id);
    }
    wanted.before_delivery = page.next_before_delivery;
  } while (wanted.before_delivery);
  EXPECT_EQ(put_back, (Ids{"n3", "n2", "n1"}));
}

}  // namespace
}  // namespace couponhook::storage
