// Tests of moving deliveries to another handler, which an operator does after renaming or removing
// their handler. The tests move deliveries in every state, one by one, together and concurrently.

#include <thread>

#include "deliveries_fixture.hpp"
#include "storage/delivery_control.hpp"

namespace couponhook::storage {
namespace {

using enum DeliveryResult;

class DeliveryMovesTest : public WithDeliveries {
 protected:
  [[nodiscard]] DeliveryControl control() { return DeliveryControl(writer()); }
  using Results = std::vector<ControlResult>;
  Results move(const Ids& notifications, std::string_view to, std::int64_t now_ms = kNow) {
    std::vector<std::int64_t> ids;
    for (const std::string& id : notifications) ids.push_back(delivery(id).delivery_id);
    return control().move(ids, to, now_ms).value();
  }
  std::vector<std::int64_t> all_ids(std::string_view notification) {
    std::vector<std::int64_t> ids;
    for (const DeliveryRecord& each : kept(notification).deliveries) {
      ids.push_back(each.delivery_id);
    }
    return ids;
  }
  using Backlogs = std::vector<std::pair<std::string, std::int64_t>>;
  Backlogs unclaimed(const std::vector<std::string>& served) {
    Backlogs found;
    for (const HandlerBacklog& each : reader().unclaimed(served).value()) {
      found.emplace_back(each.handler, each.open);
    }
    return found;
  }
  /// Stores one notification with a delivery, and lets the delivery fail for good (dead letter).
  void keep_dead(const std::string& id, const std::string& coupon = "c1") {
    keep(id, coupon);
    Deliveries deliveries = replica();
    finish(deliveries, claim(deliveries).at(0).lease, kDead, kNow, 0, "gone for good");
  }
};
COUPONHOOK_ON_EVERY_ENGINE(DeliveryMovesTest);

TEST_P(DeliveryMovesTest, MovesDeliveriesToAnotherHandler) {
  keep_dead("dead", "c2");
  keep("waiting", "c1");
  EXPECT_EQ(move({"dead", "waiting"}, "crm2"),
            (Results{ControlResult::kDone, ControlResult::kDone}));
  EXPECT_EQ(delivery("waiting").handler, "crm2");
  EXPECT_EQ(delivery("dead").attempts, 1) << "its history stays";
  EXPECT_EQ(counts().deliveries_pending, 1);
  EXPECT_EQ(counts().deliveries_retrying, 1);
  EXPECT_EQ(counts().deliveries_dead, 0);
  Deliveries deliveries = replica();
  EXPECT_EQ(ids(claim(deliveries)), Ids{});
  const auto claimed = claim(deliveries, kNow, 100, "crm2");
  EXPECT_EQ(claimed.size(), 2U);
  for (const ClaimedDelivery& each : claimed) EXPECT_EQ(each.attempt, 1) << "a new round";
}

TEST_P(DeliveryMovesTest, KeepsTheOrderOfACouponWhenItsDeliveriesAreMoved) {
  keep("use", "c1");
  keep("refund", "c1", "REFUND.SUCCESS");
  keep("newer", "c1", "COUPON.USE", "crm2");
  Deliveries deliveries = replica();
  finish(deliveries, claim(deliveries).at(0).lease, kRetry, kNow, kNow + 600'000);
  // This claim of deliveries puts the delivery "refund" aside, because "use", an earlier delivery
  // of the same coupon, goes first.
  claim(deliveries);
  EXPECT_EQ(move({"use", "refund"}, "crm2"), (Results{ControlResult::kDone, ControlResult::kDone}));
  for (const char* next : {"use", "refund", "newer"}) {
    const auto claimed = claim(deliveries, kNow, 100, "crm2");
    ASSERT_EQ(ids(claimed), Ids{next});
    finish(deliveries, claimed[0].lease, kDone);
  }
}

TEST_P(DeliveryMovesTest, LetsTheCouponGoOnAtTheHandlerThatADeliveryIsMovedFrom) {
  keep("use", "c1");
  keep("refund", "c1", "REFUND.SUCCESS");
  Deliveries deliveries = replica();
  finish(deliveries, claim(deliveries).at(0).lease, kRetry, kNow, kNow + 600'000);
  EXPECT_EQ(ids(claim(deliveries)), Ids{});
  move({"use"}, "crm2");
  EXPECT_EQ(ids(claim(deliveries)), Ids{"refund"});
}

TEST_P(DeliveryMovesTest, GivesNoHandlerTwoDeliveriesOfANotification) {
  Admission both = event("n1", "c1");
  both.deliveries.push_back({.handler = "crm2", .ordering_key = "c1"});
  both.deliveries.push_back({.handler = "older", .ordering_key = "c1"});
  write_together(both);
  const auto ids = all_ids("n1");
  const std::array first{ids.at(0)};
  EXPECT_EQ(control().move(first, "crm2", kNow).value().at(0), ControlResult::kAlreadyThere);
  EXPECT_EQ(kept("n1").deliveries.at(0).state, "skipped");
  EXPECT_EQ(kept("n1").deliveries.at(0).last_error,
            "moved to crm2, which has a delivery of this notification already");
  const std::array the_others{ids.at(1), ids.at(2)};
  EXPECT_EQ(control().move(the_others, "new", kNow).value(),
            (Results{ControlResult::kDone, ControlResult::kAlreadyThere}));
  EXPECT_EQ(counts().deliveries_pending, 1);
  EXPECT_EQ(counts().deliveries_skipped, 2);
}

TEST_P(DeliveryMovesTest, GivesNoHandlerTwoWhenTwoAreMovedAtTheSameTime) {
  for (int i = 0; i < 10; ++i) {
    Admission both = event(numbered("n", i), numbered("c", i), "COUPON.USE", "one");
    both.deliveries.push_back({.handler = "two", .ordering_key = "c1"});
    write_together(both);
    const auto ids = all_ids(numbered("n", i));
    std::vector<std::thread> threads;
    for (const std::int64_t id : ids) {
      threads.emplace_back([this, id] {
        const std::array moved{id};
        EXPECT_TRUE(control().move(moved, "new", kNow));
      });
    }
    for (std::thread& thread : threads) thread.join();
  }
  EXPECT_EQ(counts().deliveries_pending, 10);
  EXPECT_EQ(counts().deliveries_skipped, 10);
}

TEST_P(DeliveryMovesTest, MovesNothingThatIsBeingMadeOrHasEnded) {
  keep("running", "c1");
  keep("done", "c2");
  Deliveries deliveries = replica();
  const auto claimed = claim(deliveries);
  finish(deliveries, claimed.at(1).lease, kDone);
  EXPECT_EQ(move({"running", "done"}, "crm2"),
            (Results{ControlResult::kRunning, ControlResult::kEnded}));
  EXPECT_TRUE(finish(deliveries, claimed.at(0).lease, kDone));
}

TEST_P(DeliveryMovesTest, LetsNoResultReachADeliveryThatWasMovedAfterItsLease) {
  keep("n1", "c1");
  Deliveries lost = replica("lost");
  const Lease lease = claim(lost).at(0).lease;
  EXPECT_EQ(move({"n1"}, "crm2", kNow + kLease), Results{ControlResult::kDone});
  EXPECT_FALSE(finish(lost, lease, kDone, kNow + kLease));
  EXPECT_EQ(delivery("n1").state, "retrying");
}

// The tests below are about the list of handlers that have open deliveries but are no longer
// configured.

TEST_P(DeliveryMovesTest, ReportsOpenDeliveriesOfUnknownHandlers) {
  keep_dead("dead", "c5");
  for (const char* id : {"n1", "n2", "n3"}) keep(id, "c1");
  keep("other", "c1", "COUPON.USE", "erp");
  Deliveries deliveries = replica();
  finish(deliveries, claim(deliveries).at(0).lease, kRetry, kNow, kNow + 600'000);
  claim(deliveries);  // this claim puts the later deliveries of the same coupon aside, so they wait
  EXPECT_EQ(unclaimed({"erp"}), (Backlogs{{"crm", 3}}));
  EXPECT_EQ(unclaimed({"crm", "erp"}), Backlogs{});
  EXPECT_EQ(unclaimed({}), (Backlogs{{"crm", 3}, {"erp", 1}}));
}

TEST_P(DeliveryMovesTest, ReportsPausedDeliveriesToo) {
  keep("n1", "c1");
  keep("n2", "c1");
  ASSERT_TRUE(control().pause("", "COUPON.*", "why", "admin", kNow));
  Deliveries deliveries = replica();
  EXPECT_EQ(ids(claim(deliveries)), Ids{});
  ASSERT_TRUE(delivery("n1").paused);
  EXPECT_EQ(unclaimed({"erp"}), (Backlogs{{"crm", 2}}));
}

TEST_P(DeliveryMovesTest, ReportsNoEndedDeliveries) {
  keep_dead("n1");
  EXPECT_EQ(unclaimed({}), Backlogs{});
  const std::array ids{delivery("n1").delivery_id};
  EXPECT_TRUE(control().skip(ids, "sent by hand", kNow));
  EXPECT_EQ(unclaimed({}), Backlogs{});
}

}  // namespace
}  // namespace couponhook::storage
