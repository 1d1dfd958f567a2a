// Checks that couponhook has advice for every error code in WeChat Pay's documentation, and that it
// repeats an API call only if this is useful and safe.

#include "wechatpay/error_catalogue.hpp"

#include <set>

#include <gtest/gtest.h>

#include "wechatpay/reply.hpp"

namespace couponhook::wechatpay {
namespace {

using std::chrono::milliseconds;

struct Documented {
  unsigned status;
  const char* code;
  Retry retry;
  const char* words;  ///< word that the advice for this error code must contain
};

// The error codes in WeChat Pay's documentation: those of the general table and those of the coupon
// APIs. For each code: whether a repeated call is expected to help, and a word that the advice must
// contain.
constexpr Documented kDocumented[] = {
    {400, "PARAM_ERROR", Retry::kNever, "parameter"},
    {400, "INVALID_REQUEST", Retry::kNever, "rule"},
    {401, "SIGN_ERROR", Retry::kNever, "private_key_file"},
    {500, "SYSTEM_ERROR", Retry::kSoon, "out_request_no"},
    {400, "MCH_NOT_EXISTS", Retry::kNever, "mchid"},
    {400, "APPID_MCHID_NOT_MATCH", Retry::kNever, "appid"},
    {403, "REQUEST_BLOCKED", Retry::kNever, "budget"},
    {403, "USER_ACCOUNT_ABNORMAL", Retry::kNever, "user"},
    {404, "RESOURCE_NOT_EXISTS", Retry::kNever, "stock"},
    {429, "FREQUENCY_LIMIT_EXCEED", Retry::kLater, "wait"},
    {429, "FREQUENCY_LIMITED", Retry::kLater, "wait"},
    {429, "RATELIMIT_EXCEEDED", Retry::kLater, "wait"},
    {400, "RESOURCE_ALREADY_EXISTS", Retry::kNever, "out_request_no"},
    {403, "NOAUTH", Retry::kNever, "营销事件推送"},
    {403, "NO_AUTH", Retry::kNever, "营销事件推送"},
    {403, "NOT_ENOUGH", Retry::kNever, "top up"},
    {403, "RULELIMIT", Retry::kNever, "limit"},
    {403, "RULE_LIMIT", Retry::kNever, "limit"},
    {404, "USER_NOT_EXISTS", Retry::kNever, "openid"},
    {404, "NOT_FOUND", Retry::kNever, "ids"},
};

TEST(ErrorCatalogue, ExplainsEveryDocumentedCode) {
  for (const Documented& expected : kDocumented) {
    const ErrorRow row = explain_error(Api::kCouponSend, expected.status, expected.code);
    EXPECT_EQ(row.code, expected.code);
    EXPECT_EQ(row.retry, expected.retry) << expected.code;
    EXPECT_NE(row.advice.find(expected.words), std::string_view::npos) << expected.code;
  }
}

TEST(ErrorCatalogue, HasNoRowThatThisTestDoesNotKnow) {
  EXPECT_EQ(documented_errors().size(), std::size(kDocumented));
}

TEST(ErrorCatalogue, HasOneRowForEachCode) {
  std::set<std::string_view> codes;
  for (const ErrorRow& row : documented_errors()) EXPECT_TRUE(codes.insert(row.code).second);
}

TEST(ErrorCatalogue, ExplainsAnUnknownCodeByItsStatus) {
  for (const unsigned status : {302U, 400U, 401U, 403U, 404U, 418U, 429U, 500U, 502U, 503U, 599U}) {
    EXPECT_FALSE(explain_error(Api::kStockShow, status, "NEVER_HEARD_OF").advice.empty()) << status;
  }
  EXPECT_EQ(explain_error(Api::kStockShow, 429, "").retry, Retry::kLater);
  EXPECT_EQ(explain_error(Api::kStockShow, 503, "").retry, Retry::kSoon);
  EXPECT_EQ(explain_error(Api::kStockShow, 400, "").retry, Retry::kNever);
}

TEST(ErrorCatalogue, ExplainsThatABusyCallbackSettingMeansAnInvalidUrl) {
  EXPECT_NE(explain_error(Api::kFavorCallbackSet, 500, "SYSTEM_ERROR").advice.find("https"),
            std::string_view::npos);
}

TEST(ErrorCatalogue, ExplainsAMerchantWithoutCertificates) {
  const ApiReply reply{404, {}, R"({"code":"RESOURCE_NOT_EXISTS","message":"无可用的平台证书"})"};
  const ApiError error = read_error(Api::kCertificates, reply);
  EXPECT_TRUE(means_public_key_merchant(error));
  EXPECT_NE(error.advice.find("platform_public_key"), std::string::npos);
  EXPECT_FALSE(means_public_key_merchant(read_error(Api::kStockShow, reply)));
  EXPECT_FALSE(means_public_key_merchant(read_error(Api::kCertificates, {404, {}, "<html>"})));
}

ApiError error_of(Api api, Retry retry) {
  ApiError error;
  error.api = api;
  error.retry = retry;
  return error;
}

TEST(RetryDelay, DoublesFromHalfASecondAndEndsAfterFiveAttempts) {
  const ApiError error = error_of(Api::kStockShow, Retry::kSoon);
  EXPECT_EQ(retry_delay(error, 1), milliseconds(500));
  EXPECT_EQ(retry_delay(error, 2), milliseconds(1000));
  EXPECT_EQ(retry_delay(error, 4), milliseconds(4000));
  EXPECT_EQ(retry_delay(error, 5), std::nullopt);
}

TEST(RetryDelay, WaitsForTheWindowOfTheRateLimit) {
  EXPECT_EQ(retry_delay(error_of(Api::kUseFlow, Retry::kLater), 1), milliseconds(60'000));
  EXPECT_EQ(retry_delay(error_of(Api::kStockShow, Retry::kLater), 1), milliseconds(2'000));
}

TEST(RetryDelay, IsNoneWhereARepetitionCannotHelp) {
  EXPECT_EQ(retry_delay(error_of(Api::kStockShow, Retry::kNever), 1), std::nullopt);
}

TEST(RetryDelay, IsNoneWhereARepetitionIsNotSafe) {
  EXPECT_EQ(retry_delay(error_of(Api::kSecurityEcho, Retry::kSoon), 1), std::nullopt);
}

TEST(ApiCatalogue, KnowsTheDocumentedLimits) {
  using std::chrono::seconds;
  EXPECT_EQ(spec_of(Api::kUseFlow).limit.calls, 5);
  EXPECT_EQ(spec_of(Api::kUseFlow).limit.period, seconds(60));
  EXPECT_EQ(spec_of(Api::kStockCreate).limit.calls, 60);
  EXPECT_EQ(spec_of(Api::kStockCreate).limit.period, seconds(60));
  EXPECT_EQ(spec_of(Api::kCertificates).limit.calls, 1000);
  EXPECT_EQ(spec_of(Api::kCouponSend).limit.calls, 500);
}

TEST(ApiCatalogue, HasANameAndALimitForEachApi) {
  std::set<std::string_view> names;
  for (const ApiSpec& spec : all_apis()) {
    EXPECT_TRUE(names.insert(spec.name).second) << spec.name;
    EXPECT_GT(spec.limit.calls, 0) << spec.name;
    EXPECT_TRUE(spec.method == "GET" || spec.method == "POST") << spec.name;
    EXPECT_EQ(spec.path.find("/v3/"), 0U) << spec.name;
  }
}

}  // namespace
}  // namespace couponhook::wechatpay
