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
