// Tests of background jobs that retry, move or skip many deliveries: a job processes all matching
// deliveries, reports its progress, and can be cancelled. The tests use more dead deliveries than
// one page holds, in a real store, and look at the job or cancel it between two pages.

#include "server/admin/retry_jobs.hpp"

#include <array>

#include <gtest/gtest.h>

#include "storage/admit_batch.hpp"
#include "storage/deliveries.hpp"
#include "storage/store.hpp"
#include "support/temporary_folder.hpp"

namespace couponhook::server {
namespace {

constexpr std::int64_t kNow = 1'763'700'000'000;
constexpr std::int64_t kPage = 500;

class RetryJobsTest : public ::testing::Test {
 protected:
  void keep_dead(std::int64_t count) {
    const auto connection = *store_->writer();
    storage::BatchWriter batch_writer(*connection);
    std::vector<storage::Work> batch;
    for (std::int64_t i = 0; i < count; ++i) {
      storage::Admission admission;
      admission.mchid = i % 2 == 0 ? "1900000001" : "1900000002";
      admission.id = std::to_string(i);
      admission.event_type = "COUPON.USE";
      admission.envelope = "{}";
      admission.received_at_ms = kNow;
      admission.deliveries = {{.handler = "crm", .ordering_key = admission.id}};
      batch.push_back({.content = std::move(admission), .listener = nullptr});
    }
    ASSERT_TRUE(batch_writer.write(batch, kNow));
    storage::Deliveries deliveries(*store_->writer(), {});
    const std::array wanted{storage::ClaimRequest{"crm", count}};
    const auto claimed = deliveries.claim(wanted, kNow);
    std::vector<storage::Finished> finished;
    for (const storage::ClaimedDelivery& delivery : *claimed) {
      finished.push_back(
          {.lease = delivery.lease, .result = storage::DeliveryResult::kDead, .error = {}});
    }
    ASSERT_TRUE(deliveries.finish(finished, kNow));
    ASSERT_EQ(dead(), count);
  }
  void keep_pending(std::int64_t count) {
    const auto connection = *store_->writer();
    storage::BatchWriter batch_writer(*connection);
    std::vector<storage::Work> batch;
    for (std::int64_t i = 0; i < count; ++i) {
      storage::Admission admission;
      admission.mchid = "1900000001";
      admission.id = "pending-" + std::to_string(i);
      admission.event_type = "COUPON.USE";
      admission.envelope = "{}";
      admission.received_at_ms = kNow;
      admission.deliveries = {{.handler = "crm", .ordering_key = admission.id}};
      batch.push_back({.content = std::move(admission), .listener = nullptr});
    }
    ASSERT_TRUE(batch_writer.write(batch, kNow));
  }
  std::int64_t dead() { return reader_.counts()->deliveries_dead; }

  /// Makes the RetryJobs object under test.
  /// \param on_page function that is called after each page of deliveries, on the job's thread.
  std::unique_ptr<RetryJobs> jobs(std::function<void()> on_page = [] {}) {
    return std::make_unique<RetryJobs>(
        storage::Reader(*store_->reader()), storage::DeliveryControl(*store_->writer()),
        [] { return std::chrono::system_clock::time_point(std::chrono::milliseconds(kNow)); },
        served_, std::move(on_page));
  }
  static RetryJob ended(const RetryJobs& jobs, std::int64_t id) {
    return jobs.wait(id, std::chrono::seconds(30)).value();
  }

  std::vector<std::string> served_{"crm", "crm2"};
  support::TemporaryFolder folder_;
  std::unique_ptr<storage::Store> store_ =
      *storage::Store::open({"sqlite", folder_.path() / "store.db"}, {}, 0);
  storage::Reader reader_{*store_->reader()};
};

TEST_F(RetryJobsTest, ReportProgressAfterEachPage) {
  keep_dead(kPage + 100);
  std::vector<RetryJob> seen;
  std::unique_ptr<RetryJobs> retries;
  retries = jobs([&] { seen.push_back(retries->find(1).value()); });
  const RetryJob done = ended(*retries, retries->start({}, false)->id);
  EXPECT_EQ(done.state, RetryJob::State::kDone);
  EXPECT_EQ(done.done, kPage + 100);
  ASSERT_EQ(seen.size(), 2U);
  EXPECT_EQ(seen[0].state, RetryJob::State::kRetrying);
  EXPECT_EQ(seen[0].matched, kPage + 100);
  EXPECT_EQ(seen[0].looked_at, kPage);
  EXPECT_EQ(seen[0].done, kPage);
  EXPECT_EQ(dead(), 0);
}

TEST_F(RetryJobsTest, StopAfterThePageAtHandWhenCancelled) {
  keep_dead(kPage + 100);
  std::unique_ptr<RetryJobs> retries;
  retries = jobs([&] { retries->cancel(1); });
  const RetryJob cancelled = ended(*retries, retries->start({}, false)->id);
  EXPECT_EQ(cancelled.state, RetryJob::State::kCancelled);
  EXPECT_EQ(cancelled.done, kPage);
  EXPECT_EQ(dead(), 100) << "what has been put back stays put back";
}

TEST_F(RetryJobsTest, TakeExactlyTheDeliveriesOfAPlan) {
  keep_dead(kPage + 10);
  const auto retries = jobs();
  storage::DeliveryFilter filter;
  filter.mchid = "1900000001";
  const RetryJob counted = ended(*retries, retries->start(filter, true)->id);
  const auto plan = retries->plan(counted.id);
  ASSERT_TRUE(plan);
  EXPECT_EQ(std::ssize(*plan->deliveries), counted.matched);
  // One delivery of the plan is skipped meanwhile; the filter is widened to all merchants.
  ASSERT_TRUE(storage::DeliveryControl(*store_->writer())
                  .skip(std::array{plan->deliveries->front()}, "entered by hand", kNow));
  filter = plan->filter;
  filter.mchid.clear();
  const RetryJob done = ended(*retries, retries->start(filter, false, plan->order, *plan)->id);
  EXPECT_EQ(done.plan, counted.id);
  EXPECT_EQ(done.planned, counted.matched);
  EXPECT_EQ(done.matched, counted.matched - 1) << "the other merchant's are not in the plan";
  EXPECT_EQ(done.done, counted.matched - 1);
  EXPECT_EQ(dead(), kPage + 10 - counted.matched);
}

TEST_F(RetryJobsTest, KnowNoPlanOfAnotherJob) {
  keep_dead(3);
  const auto retries = jobs();
  const RetryJob done = ended(*retries, retries->start({}, false)->id);
  EXPECT_EQ(retries->plan(done.id).error(), RetryJobs::PlanError::kUnknown);
  EXPECT_EQ(retries->plan(99).error(), RetryJobs::PlanError::kUnknown);
}

TEST_F(RetryJobsTest, CountOnlyOneMerchantsInADryRun) {
  keep_dead(5);
  const auto retries = jobs();
  storage::DeliveryFilter filter;
  filter.mchid = "1900000001";
  const RetryJob done = ended(*retries, retries->start(filter, true)->id);
  EXPECT_EQ(done.matched, 3);
  EXPECT_EQ(dead(), 5);
}

TEST_F(RetryJobsTest, SkipDeliveriesOfUnknownHandlers) {
  keep_dead(5);
  served_ = {"crm2"};
  const auto retries = jobs();
  const RetryJob done = ended(*retries, retries->start({}, false)->id);
  EXPECT_EQ(done.matched, 0);
  EXPECT_EQ(done.unclaimed, 5);
  EXPECT_EQ(dead(), 5);
}

TEST_F(RetryJobsTest, MoveTheOldestFirstWhateverItsState) {
  keep_dead(3);
  keep_pending(kPage);
  served_ = {"crm2"};
  std::vector<std::int64_t> left_dead;
  const auto retries = jobs(
      [&] { left_dead.push_back(storage::Reader(*store_->reader()).counts()->deliveries_dead); });
  storage::DeliveryFilter filter;
  filter.handler = "crm";
  const RetryJob done =
      ended(*retries,
            retries->start(filter, false, {.kind = DeliveryOrder::Kind::kMove, .to = "crm2"})->id);
  EXPECT_EQ(done.done, kPage + 3);
  EXPECT_EQ(left_dead, (std::vector<std::int64_t>{0, 0}));
  filter.handler = "crm2";
  filter.limit = 500;
  EXPECT_EQ(std::ssize(reader_.deliveries(filter)->items), 500);
  filter.handler = "crm";
  EXPECT_TRUE(reader_.deliveries(filter)->items.empty());
}

TEST_F(RetryJobsTest, DropTheNewestFirst) {
  keep_dead(3);
  keep_pending(kPage);
  std::vector<std::int64_t> left_dead;
  const auto retries = jobs(
      [&] { left_dead.push_back(storage::Reader(*store_->reader()).counts()->deliveries_dead); });
  storage::DeliveryFilter filter;
  filter.handler = "crm";
  const RetryJob done = ended(
      *retries,
      retries->start(filter, false, {.kind = DeliveryOrder::Kind::kSkip, .reason = "a test"})->id);
  EXPECT_EQ(done.done, kPage + 3);
  EXPECT_EQ(left_dead, (std::vector<std::int64_t>{3, 0}));
  EXPECT_EQ(reader_.counts()->deliveries_skipped, kPage + 3);
}

TEST_F(RetryJobsTest, CannotBeCancelledIfUnknown) {
  EXPECT_FALSE(jobs()->cancel(4711));
}

}  // namespace
}  // namespace couponhook::server
