// Tests of deliveries that are created with a lease when their notification is stored, because the
// process that stores the notification makes these deliveries itself. Each test runs on a fresh
// store, on SQLite and on PostgreSQL.

#include <memory>
#include <utility>
#include <vector>

#include "deliveries_fixture.hpp"
#include "storage/delivery_control.hpp"

namespace couponhook::storage {
namespace {

using enum DeliveryResult;

/// Writes a batch of notifications and returns the leases of those deliveries that were created
/// with a lease, because this process makes them itself.
std::vector<LeasedDelivery> leased_of(Connection& connection, std::vector<Work> batch) {
  BatchWriter batch_writer(connection, {.owner = "a", .lease = std::chrono::milliseconds(kLease)});
  EXPECT_TRUE(batch_writer.write(batch, kNow));
  std::vector<LeasedDelivery> leased;
  for (Work& work : batch) {
    for (LeasedDelivery& one : work.leased) leased.push_back(std::move(one));
  }
  return leased;
}

class LeasedAtAdmissionTest : public WithDeliveries {
 protected:
  static Work wanting_lease(std::string id, const std::string& coupon) {
    Admission a = event(std::move(id), coupon);
    a.deliveries[0].leased = true;
    return {.content = std::move(a), .listener = nullptr};
  }
};
COUPONHOOK_ON_EVERY_ENGINE(LeasedAtAdmissionTest);

TEST_P(LeasedAtAdmissionTest, BelongToTheReplicaThatStoredThem) {
  const auto connection = writer();
  std::vector<Work> batch;
  batch.push_back(wanting_lease("n1", "c1"));
  const auto leased = leased_of(*connection, std::move(batch));
  ASSERT_EQ(leased.size(), 1U);
  EXPECT_EQ(leased[0].handler, "crm");
  Deliveries deliveries = replica();
  EXPECT_EQ(ids(claim(deliveries)), Ids{});
  EXPECT_EQ(claim_result_of(deliveries, "n1").status, ClaimStatus::kInProgress);
  EXPECT_TRUE(finish(deliveries, leased[0].lease, kDone));
  EXPECT_EQ(kept("n1").state, "done");
}

TEST_P(LeasedAtAdmissionTest, AreNotLeasedWhilePaused) {
  Deliveries deliveries = replica();
  DeliveryControl control(writer());
  const auto connection = writer();
  for (const auto& [handler, events] : {std::pair("crm", ""), std::pair("", "COUPON.*")}) {
    ASSERT_TRUE(control.pause(handler, events, "crm is being moved", "admin", kNow));
    const std::string id = std::string("held") + events;
    std::vector<Work> batch;
    batch.push_back(wanting_lease(id, id));
    EXPECT_TRUE(leased_of(*connection, std::move(batch)).empty());
    EXPECT_EQ(claim_result_of(deliveries, id).status, ClaimStatus::kPaused);
    EXPECT_EQ(claim_result_of(deliveries, id).status, ClaimStatus::kPaused) << "parked by now";
    ASSERT_TRUE(control.resume(handler, events, kNow).value());
  }
  EXPECT_EQ(claim(deliveries).size(), 2U);
}

TEST_P(LeasedAtAdmissionTest, AreTakenOverWhenTheSessionDies) {
  const auto connection = writer();
  std::vector<Work> batch;
  batch.push_back(wanting_lease("n1", "c1"));
  leased_of(*connection, std::move(batch));
  Deliveries deliveries = replica();
  const auto taken = claim(deliveries, kNow + kLease);
  ASSERT_EQ(ids(taken), Ids{"n1"});
  EXPECT_EQ(taken[0].attempt, 2);
}

TEST_P(LeasedAtAdmissionTest, WaitBehindEarlierDeliveriesOfTheirCoupon) {
  keep("before", "c1");
  const auto connection = writer();
  std::vector<Work> batch;
  batch.push_back(wanting_lease("n1", "c1"));
  batch.push_back(wanting_lease("n2", "c2"));
  batch.push_back(wanting_lease("n3", "c2"));
  EXPECT_EQ(leased_of(*connection, std::move(batch)).size(), 1U);
  Deliveries deliveries = replica();
  EXPECT_EQ(ids(claim(deliveries)), Ids{"before"});
}

TEST_P(LeasedAtAdmissionTest, AreReturnedByTheInbox) {
  struct Session final : AdmitListener {
    void admitted(AdmitResult&& result) noexcept override { held = std::move(result.leased); }
    std::vector<LeasedDelivery> held;
  };
  const auto session = std::make_shared<Session>();
  Inbox inbox(
      writer(), {}, [] { return kNow; }, nullptr);
  Admission a = event("n1", "c1");
  a.deliveries[0].leased = true;
  ASSERT_EQ(inbox.admit(std::move(a), session), Inbox::Queued::kYes);
  inbox.stop();
  EXPECT_EQ(session->held.size(), 1U);
}

TEST_P(LeasedAtAdmissionTest, WakeNoWorker) {
  int woken = 0;
  Inbox inbox(
      writer(), {.on_deliveries = [&] { ++woken; }}, [] { return kNow; }, nullptr);
  Admission a = event("n1", "c1");
  a.deliveries[0].leased = true;
  ASSERT_EQ(inbox.admit(std::move(a), nullptr), Inbox::Queued::kYes);
  inbox.stop();
  EXPECT_EQ(woken, 0);
}

}  // namespace
}  // namespace couponhook::storage
