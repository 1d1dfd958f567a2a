// Checks that the Prometheus metrics show the values that were counted, also while the store is
// unavailable. The tests make the state of a service by hand and compare the text of the metrics.

#include "server/admin/metrics.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace couponhook::server {
namespace {

using std::chrono::microseconds;
using ::testing::HasSubstr;
using ::testing::Not;

class Metrics : public ::testing::Test {
 protected:
  std::string text(storage::Reader::Result<storage::StoreCounts> counts) {
    const StatusView view{.version = "1.2.3",
                          .uptime = std::chrono::seconds(5),
                          .ready = true,
                          .engine = "sqlite",
                          .store_ok = counts.has_value(),
                          .size_bytes = {},
                          .now_ms = 10'000,
                          .activity = {},
                          .counts = std::move(counts),
                          .reply_counters = reply_counters_,
                          .merchants = std::make_shared<const Merchants>(std::vector<Merchant>()),
                          .reconciled = {},
                          .unknown_serials = {},
                          .signature_faults = {},
                          .pauses = pauses_,
                          .unclaimed = unclaimed_,
                          .served = {"crm", "erp"}};
    return metrics_text(view, figures_);
  }

  ReplyCounters reply_counters_;
  RuntimeFigures figures_;
  std::vector<storage::PauseRecord> pauses_;
  std::vector<storage::HandlerBacklog> unclaimed_;
};

TEST_F(Metrics, CountARequestAtTheBoundOfAClassInThatClass) {
  reply_counters_.count(Verdict::kStored, std::chrono::milliseconds(5));

  const std::string output = text(storage::StoreCounts{});

  EXPECT_THAT(output, HasSubstr("couponhook_reply_seconds_bucket{le=\"0.002\"} 0\n"));
  EXPECT_THAT(output, HasSubstr("couponhook_reply_seconds_bucket{le=\"0.005\"} 1\n"));
}

TEST_F(Metrics, CountWhatTookLongerThanEveryBoundAtInfinityOnly) {
  reply_counters_.count(Verdict::kStoreUnavailable, std::chrono::seconds(6));

  const std::string output = text(storage::StoreCounts{});

  EXPECT_THAT(output, HasSubstr("couponhook_reply_seconds_bucket{le=\"5\"} 0\n"));
  EXPECT_THAT(output, HasSubstr("couponhook_reply_seconds_bucket{le=\"+Inf\"} 1\n"));
  EXPECT_THAT(output, HasSubstr("couponhook_reply_seconds_sum 6\n"));
}

TEST_F(Metrics, CountProbesApartFromWrongSignatures) {
  reply_counters_.count(Verdict::kProbe, microseconds(30));

  const std::string output = text(storage::StoreCounts{});

  EXPECT_THAT(output, HasSubstr("{code=\"SIGNATURE_INVALID\",probe=\"true\"} 1\n"));
  EXPECT_THAT(output, HasSubstr("{code=\"SIGNATURE_INVALID\",probe=\"false\"} 0\n"));
}

TEST_F(Metrics, ReportTheAgeOfTheOldestOpenDelivery) {
  storage::StoreCounts counts;
  counts.oldest_pending_at_ms = 7'500;

  EXPECT_THAT(text(counts), HasSubstr("couponhook_deliveries_oldest_pending_seconds 2.5\n"));
}

TEST_F(Metrics, ReportSealedAndUnreadableNotifications) {
  storage::StoreCounts counts;
  counts.quarantined = 7;
  counts.sealed = 2;
  counts.unreadable = 3;

  const std::string output = text(counts);

  EXPECT_THAT(output, HasSubstr("couponhook_quarantine_sealed 2\n"));
  EXPECT_THAT(output, HasSubstr("couponhook_notifications_unreadable 3\n"));
  EXPECT_THAT(output, HasSubstr("couponhook_notifications_total{outcome=\"quarantined\"} 7\n"));
}

TEST_F(Metrics, ReportPausedHandlers) {
  pauses_ = {
      {.handler = "crm", .event_pattern = "", .reason = "", .created_by = "", .resumed_at_ms = {}}};
  const std::string one = text(storage::StoreCounts{});
  EXPECT_THAT(one, HasSubstr("couponhook_handler_paused{handler=\"crm\"} 1\n"));
  EXPECT_THAT(one, HasSubstr("couponhook_handler_paused{handler=\"erp\"} 0\n"));
  pauses_ = {{.handler = "",
              .event_pattern = "COUPON.*",
              .reason = "",
              .created_by = "",
              .resumed_at_ms = {}}};
  EXPECT_THAT(text(storage::StoreCounts{}),
              HasSubstr("couponhook_handler_paused{handler=\"erp\"} 1\n"));
}

TEST_F(Metrics, ReportDeliveriesByHandlerAndTheRestWithoutOne) {
  storage::StoreCounts counts;
  counts.deliveries_pending = 5;
  counts.deliveries_dead = 2;
  counts.by_handler = {{"crm", {.pending = 3}}, {"old", {.dead = 2}}};

  const std::string output = text(counts);

  EXPECT_THAT(output, HasSubstr("couponhook_deliveries{handler=\"crm\",state=\"pending\"} 3\n"));
  EXPECT_THAT(output, HasSubstr("couponhook_deliveries{handler=\"erp\",state=\"pending\"} 0\n"));
  EXPECT_THAT(output, HasSubstr("couponhook_deliveries{handler=\"old\",state=\"dead\"} 2\n"));
  EXPECT_THAT(output, HasSubstr("couponhook_deliveries{handler=\"\",state=\"pending\"} 2\n"));
  EXPECT_THAT(output, Not(HasSubstr("couponhook_deliveries{handler=\"\",state=\"dead\"}")));
}

TEST_F(Metrics, ReportHistogramsInSeconds) {
  base::Histogram<base::kWorkTimeBounds> times;
  times.add(std::chrono::milliseconds(2));
  times.add(std::chrono::seconds(40));
  figures_.handlers.push_back({"crm", {1, 2, 3, 4}, times.counts(), true});

  const std::string output = text(storage::StoreCounts{});

  EXPECT_THAT(output, HasSubstr("_seconds_bucket{handler=\"crm\",le=\"0.0025\"} 1\n"));
  EXPECT_THAT(output, HasSubstr("_seconds_bucket{handler=\"crm\",le=\"30\"} 1\n"));
  EXPECT_THAT(output, HasSubstr("_seconds_bucket{handler=\"crm\",le=\"+Inf\"} 2\n"));
  EXPECT_THAT(output, HasSubstr("_attempts_total{handler=\"crm\",outcome=\"lost\"} 4\n"));
  EXPECT_THAT(output, HasSubstr("couponhook_breaker_open{handler=\"crm\"} 1\n"));
  EXPECT_THAT(output, Not(HasSubstr("couponhook_clock_offset_seconds")));
}

TEST_F(Metrics, ReportUnclaimedDeliveries) {
  EXPECT_THAT(text(storage::StoreCounts{}),
              HasSubstr("couponhook_deliveries_unclaimed{handler=\"\"} 0\n"));
  unclaimed_ = {{.handler = "old", .open = 12}};
  EXPECT_THAT(text(storage::StoreCounts{}),
              HasSubstr("couponhook_deliveries_unclaimed{handler=\"old\"} 12\n"));
}

TEST_F(Metrics, ReportTheProcessWhenTheStoreCannotBeRead) {
  reply_counters_.count(Verdict::kStoreUnavailable, microseconds(900));

  const std::string output =
      text(storage::Failure{storage::FailureCode::kUnavailable, "the store is away"});

  EXPECT_THAT(output, HasSubstr("couponhook_store_ok 0\n"));
  EXPECT_THAT(output, HasSubstr("{code=\"STORE_UNAVAILABLE\",probe=\"false\"} 1\n"));
  EXPECT_THAT(output, Not(HasSubstr("couponhook_notifications_total")));
  EXPECT_THAT(output, Not(HasSubstr("couponhook_deliveries")));
  EXPECT_THAT(output, Not(HasSubstr("couponhook_store_size_bytes")));
}

}  // namespace
}  // namespace couponhook::server
