// Checks that an HTTP reply of a handler's target has the documented meaning (done, retry or dead),
// and that Retry-After is respected. The tests use a table of statuses, and Retry-After as seconds,
// as a date and malformed.

#include "server/delivery/http_outcome.hpp"

#include <gtest/gtest.h>

namespace couponhook::server {
namespace {

using std::chrono::seconds;

// The time of the tests: Sun, 06 Nov 1994 08:49:37 GMT, the example date of RFC 9110.
const std::chrono::system_clock::time_point kNow{seconds(784111777)};

template <typename T>
bool is(unsigned status) {
  return std::holds_alternative<T>(outcome_of(status, "", "", kNow).outcome);
}

TEST(HttpOutcome, TakesEverySuccessForDone) {
  for (const unsigned status : {200U, 201U, 202U, 204U, 299U}) {
    EXPECT_TRUE(is<handlers::Done>(status)) << status;
  }
}

TEST(HttpOutcome, TakesGoneForDeadAtOnce) {
  EXPECT_TRUE(is<handlers::Dead>(410));
}

TEST(HttpOutcome, TriesEverythingElseAgain) {
  for (const unsigned status : {301U, 302U, 307U, 400U, 401U, 403U, 404U, 408U, 409U, 422U, 429U,
                                500U, 502U, 503U, 504U, 599U}) {
    EXPECT_TRUE(is<handlers::Retry>(status)) << status;
  }
}

TEST(HttpOutcome, KnowsWhichRepliesComeFromATargetThatWorks) {
  for (const unsigned status : {204U, 400U, 404U, 410U, 422U}) {
    EXPECT_TRUE(outcome_of(status, "", "", kNow).target_answers) << status;
  }
  for (const unsigned status : {408U, 429U, 500U, 503U}) {
    EXPECT_FALSE(outcome_of(status, "", "", kNow).target_answers) << status;
  }
}

TEST(HttpOutcome, WaitsAsLongAsItIsAskedTo) {
  const auto outcome = outcome_of(503, "17", "", kNow).outcome;
  EXPECT_EQ(std::get<handlers::Retry>(outcome).after, seconds(17));
}

TEST(HttpOutcome, HasTheBeginningOfAnErrorsBodyAsDetailApartFromTheReason) {
  const std::string body = "{\"error\":\"no such\tshop\"}\n" + std::string(10000, 'x');
  const auto retry = std::get<handlers::Retry>(outcome_of(422, "", body, kNow).outcome);
  EXPECT_EQ(retry.reason, "HTTP 422");
  EXPECT_TRUE(retry.detail.starts_with("{\"error\":\"no such shop\"} xxx")) << retry.detail;
  EXPECT_LE(retry.detail.size(), 300U);
  const auto dead = std::get<handlers::Dead>(outcome_of(410, "", "moved on", kNow).outcome);
  EXPECT_EQ(dead.detail, "moved on");
}

TEST(RetryAfter, IsSecondsOrADate) {
  EXPECT_EQ(parse_retry_after("0", kNow), seconds(0));
  EXPECT_EQ(parse_retry_after("120", kNow), seconds(120));
  EXPECT_EQ(parse_retry_after("Sun, 06 Nov 1994 08:50:37 GMT", kNow), seconds(60));
}

TEST(RetryAfter, IsNeverNegativeNorEndless) {
  EXPECT_EQ(parse_retry_after("-5", kNow), seconds(0));
  EXPECT_EQ(parse_retry_after("Sun, 06 Nov 1994 08:48:37 GMT", kNow), seconds(0));
  EXPECT_LE(parse_retry_after("9223372036854775807", kNow), std::chrono::hours(31 * 24));
  EXPECT_LE(parse_retry_after("Fri, 06 Nov 2994 08:49:37 GMT", kNow), std::chrono::hours(31 * 24));
}

TEST(RetryAfter, IsNothingWhereItIsNeither) {
  for (const char* text : {"", "soon", "1.5", "10 s", "1994-11-06T08:49:37Z",
                           "Sun, 06 Nov 1994 08:49:37", "99999999999999999999"}) {
    EXPECT_FALSE(parse_retry_after(text, kNow)) << text;
  }
}

}  // namespace
}  // namespace couponhook::server
