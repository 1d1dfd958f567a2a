// Checks the HTTP reply of every verdict (result of a request) against the documented table of
// replies. The test contains a copy of that table.

#include "server/verdict/verdict.hpp"

#include <gtest/gtest.h>

namespace couponhook::server {
namespace {

struct ExpectedReply {
  Verdict verdict;
  unsigned status;
  std::string code;  // error code in the reply's body; empty if the body is empty
};

class ReplyTable : public ::testing::TestWithParam<ExpectedReply> {};

TEST_P(ReplyTable, MatchesTheContract) {
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
    ::testing::Values(ExpectedReply{Verdict::kStored, 204, ""},
                      ExpectedReply{Verdict::kStoredUnknownType, 204, ""},
                      ExpectedReply{Verdict::kStoredUnreadable, 204, ""},
                      ExpectedReply{Verdict::kDuplicate, 204, ""},
                      ExpectedReply{Verdict::kConflict, 204, ""},
                      ExpectedReply{Verdict::kHeadersMissing, 401, "HEADERS_MISSING"},
                      ExpectedReply{Verdict::kTimestampInvalid, 401, "TIMESTAMP_INVALID"},
                      ExpectedReply{Verdict::kSerialUnknown, 401, "SERIAL_UNKNOWN"},
                      ExpectedReply{Verdict::kSignatureInvalid, 401, "SIGNATURE_INVALID"},
                      ExpectedReply{Verdict::kProbe, 401, "SIGNATURE_INVALID"},
                      ExpectedReply{Verdict::kEnvelopeInvalid, 500, "ENVELOPE_INVALID"},
                      ExpectedReply{Verdict::kDecryptFailed, 500, "DECRYPT_FAILED"},
                      ExpectedReply{Verdict::kHandlerFailed, 500, "HANDLER_FAILED"},
                      ExpectedReply{Verdict::kInProgress, 503, "IN_PROGRESS"},
                      ExpectedReply{Verdict::kStoreUnavailable, 503, "STORE_UNAVAILABLE"},
                      ExpectedReply{Verdict::kOverloaded, 503, "OVERLOADED"},
                      ExpectedReply{Verdict::kInternal, 500, "INTERNAL"},
                      ExpectedReply{Verdict::kNotFound, 404, "NOT_FOUND"},
                      ExpectedReply{Verdict::kMethodNotAllowed, 405, "METHOD_NOT_ALLOWED"},
                      ExpectedReply{Verdict::kMalformed, 400, "MALFORMED"},
                      ExpectedReply{Verdict::kVersionUnsupported, 505, "VERSION_UNSUPPORTED"},
                      ExpectedReply{Verdict::kTargetTooLong, 414, "TARGET_TOO_LONG"},
                      ExpectedReply{Verdict::kHeadersTooLarge, 431, "HEADERS_TOO_LARGE"},
                      ExpectedReply{Verdict::kBodyTooLarge, 413, "BODY_TOO_LARGE"},
                      ExpectedReply{Verdict::kTooSlow, 408, "TOO_SLOW"},
                      ExpectedReply{Verdict::kProxyUntrusted, 400, "PROXY_UNTRUSTED"},
                      ExpectedReply{Verdict::kProxyMalformed, 400, "PROXY_MALFORMED"}));

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
