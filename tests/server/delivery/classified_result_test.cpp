// Checks the classification of finished handler calls: what is recorded for each outcome.

#include "server/delivery/classified_result.hpp"

#include <gtest/gtest.h>

namespace couponhook::server {
namespace {

using std::chrono::milliseconds;
using storage::DeliveryResult;

constexpr RetryLimits kLimits{milliseconds(1000), milliseconds(60000), 3};
constexpr std::int64_t kNowMs = 1'772'668'722'000;

ClassifiedResult classified(handlers::Outcome outcome, std::int64_t attempt = 1) {
  Called call;
  call.outcome = std::move(outcome);
  call.delivery.attempt = attempt;
  std::mt19937_64 random(7);
  return classify_call(std::move(call), kLimits, kNowMs, random);
}

TEST(ClassifyCall, RecordsNoErrorForACallThatIsDone) {
  const ClassifiedResult result = classified(handlers::Done{});
  EXPECT_EQ(result.result, DeliveryResult::kDone);
  EXPECT_EQ(result.reason, "");
  EXPECT_EQ(result.last_error, "");
}

TEST(ClassifyCall, RetriesAfterTheTimeThatTheTargetAskedFor) {
  const ClassifiedResult result =
      classified(handlers::Retry{"HTTP 503", std::chrono::seconds(30), "busy"});
  EXPECT_EQ(result.result, DeliveryResult::kRetry);
  EXPECT_EQ(result.due_at_ms, kNowMs + 30'000);
}

TEST(ClassifyCall, KeepsDetailsOutOfTheLog) {
  const ClassifiedResult result = classified(handlers::Dead{"HTTP 400", "no such user"});
  EXPECT_EQ(result.result, DeliveryResult::kDead);
  EXPECT_EQ(result.reason, "HTTP 400");
  EXPECT_EQ(result.last_error, "HTTP 400: no such user");
}

TEST(ClassifyCall, IsDeadAfterTheLastAttempt) {
  EXPECT_EQ(classified(handlers::Retry{"timeout", {}}, 2).result, DeliveryResult::kRetry);
  EXPECT_EQ(classified(handlers::Retry{"timeout", {}}, 3).result, DeliveryResult::kDead);
}

}  // namespace
}  // namespace couponhook::server
