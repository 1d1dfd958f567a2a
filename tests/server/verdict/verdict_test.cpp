// Checks the HTTP reply of every verdict (result of a request) against the documented table of
// replies. The test contains a copy of that table.

#include "server/verdict/verdict.hpp"

#include <gtest/gtest.h>

namespace couponhook::server {
namespace {

struct Promise {
  Verdict verdict;
  unsigned status;
  std::string code;  // error code in the reply's body; empty if the body is empty
};

class ReplyTable : public ::testing::TestWithParam<Promise> {};

TEST_P(ReplyTable, KeepsItsPromise) {
  const Reply reply = reply_for(GetParam().verdict, 204);

  EXPECT_EQ(reply.status, GetParam().status);
  const std::string opening = R"({"code":")" + GetParam().code + R"(","message":")";
  if (GetParam().code.empty()) {
    EXPECT_EQ(reply.body, "");
  } else {
    EXPECT_EQ(reply.body.substr(0, opening.size()), opening);
  }
}

INSTANTIATE_TEST_SUITE_P(
    Contract, ReplyTable,
    ::testing::Values(Promise{Verdict::kStored, 204, ""},
                      Promise{Verdict::kStoredUnknownType, 204, ""},
                      Promise{Verdict::kStoredUnreadable, 204, ""},
                      Promise{Verdict::kDuplicate, 204, ""}, Promise{Verdict::kConflict, 204, ""},
                      Promise{Verdict::kHeadersMissing, 401, "HEADERS_MISSING"},
                      Promise{Verdict::kTimestampInvalid, 401, "TIMESTAMP_INVALID"},
                      Promise{Verdict::kSerialUnknown, 401, "SERIAL_UNKNOWN"},
                      Promise{Verdict::kSignatureInvalid, 401, "SIGNATURE_INVALID"},
                      Promise{Verdict::kProbe, 401, "SIGNATURE_INVALID"},
                      Promise{Verdict::kEnvelopeInvalid, 500, "ENVELOPE_INVALID"},
                      Promise{Verdict::kDecryptFailed, 500, "DECRYPT_FAILED"},
                      Promise{Verdict::kHandlerFailed, 500, "HANDLER_FAILED"},
                      Promise{Verdict::kInProgress, 503, "IN_PROGRESS"},
                      Promise{Verdict::kStoreUnavailable, 503, "STORE_UNAVAILABLE"},
                      Promise{Verdict::kOverloaded, 503, "OVERLOADED"},
                      Promise{Verdict::kInternal, 500, "INTERNAL"},
                      Promise{Verdict::kNotFound, 404, "NOT_FOUND"},
                      Promise{Verdict::kMethodNotAllowed, 405, "METHOD_NOT_ALLOWED"},
                      Promise{Verdict::kMalformed, 400, "MALFORMED"},
                      Promise{Verdict::kVersionUnsupported, 505, "VERSION_UNSUPPORTED"},
                      Promise{Verdict::kTargetTooLong, 414, "TARGET_TOO_LONG"},
                      Promise{Verdict::kHeadersTooLarge, 431, "HEADERS_TOO_LARGE"},
                      Promise{Verdict::kBodyTooLarge, 413, "BODY_TOO_LARGE"},
                      Promise{Verdict::kTooSlow, 408, "TOO_SLOW"},
                      Promise{Verdict::kProxyUntrusted, 400, "PROXY_UNTRUSTED"},
                      Promise{Verdict::kProxyMalformed, 400, "PROXY_MALFORMED"}));

TEST(VerdictTable, AcknowledgesWithTheConfiguredStatusAndNothingElse) {
  for (const VerdictRow& entry : verdict_table()) {
    const unsigned status = reply_for(entry.verdict, 200).status;
    const bool acknowledges = status >= 200 && status < 300;
    EXPECT_EQ(acknowledges, entry.status == kSuccessStatus) << entry.code;
    EXPECT_TRUE(!acknowledges || status == 200) << entry.code;
  }
}

TEST(VerdictTable, AsksToWaitWithEvery503) {
  for (const VerdictRow& entry : verdict_table()) {
    EXPECT_EQ(reply_for(entry.verdict, 204).retry_after.has_value(), entry.status == 503)
        << entry.code;
  }
}

TEST(VerdictTable, NamesTheMethodThatIsAllowed) {
  EXPECT_EQ(reply_for(Verdict::kMethodNotAllowed, 204).allow, "POST");
}

TEST(VerdictTable, SaysTheHintInPlaceOfTheMessage) {
  EXPECT_EQ(reply_for(Verdict::kHeadersMissing, 204, "look at the proxy").body,
            R"({"code":"HEADERS_MISSING","message":"look at the proxy"})");
}

}  // namespace
}  // namespace couponhook::server
