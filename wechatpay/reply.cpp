#include "wechatpay/reply.hpp"

#include <algorithm>

#include "base/ascii.hpp"
#include "crypto/signature_verifier.hpp"
#include "wechatpay/error_catalogue.hpp"
#include "wechatpay/json_view.hpp"

namespace couponhook::wechatpay {
namespace {

struct SignatureFault {
  std::string_view message;
  std::string_view advice;
};

SignatureFault explain(crypto::VerifyError error) {
  using enum crypto::VerifyError;
  switch (error) {
    case kHeadersMissing:
      return {
          "the reply is not signed: a Wechatpay-* header is missing",
          "check that base_url is WeChat Pay's own; a proxy on the way may strip the headers or "
          "answer in WeChat Pay's place"};
    case kTimestampInvalid:
      return {"the reply's Wechatpay-Timestamp is too far from this machine's clock",
              "set the clock (NTP); `couponhook doctor` shows the difference"};
    case kUnknownAlgorithm:
      return {"the reply's Wechatpay-Signature-Type is not RSA with SHA-256",
              "this merchant is set up for another algorithm (SM2), which is not supported"};
    case kSerialUnknown:
      return {"the reply is signed with a platform key that is not loaded",
              "run `couponhook certificates fetch`, or configure the public key that is named by "
              "the reply's Wechatpay-Serial"};
    case kProbe:
      return {"WeChat Pay tests with a wrong signature whether it is verified",
              "nothing to do: repeat the request"};
    case kSignatureEncoding:
    case kSignatureMismatch:
      break;
  }
  return {"the reply's signature is wrong",
          "the body was altered on the way, or the key loaded under this serial is not WeChat "
          "Pay's: do not act on the reply"};
}

}  // namespace

std::string_view ApiReply::header(std::string_view name) const {
  for (const Header& header : headers) {
    if (base::equals_ignoring_case(header.name, name)) return header.value;
  }
  return {};
}

ApiError read_error(Api api, const ApiReply& reply) {
  ApiError error;
  error.api = api;
  error.status = reply.status;
  error.request_id = reply.header("Request-ID");
  if (const auto json = JsonText::parse(reply.body)) {
    const JsonView root = json->root();
    error.code = root.text("code");
    error.message = root.text("message");
    const JsonView detail = root.object("detail");
    error.field = detail.text("field");
    if (const std::string issue = detail.text("issue"); !issue.empty()) {
      error.field.append(error.field.empty() ? "" : ": ").append(issue);
    }
  }
  const ErrorRow row = explain_error(api, reply.status, error.code);
  error.advice = row.advice;
  error.retry = row.retry;
  return error;
}

boost::system::result<void, ApiError> check_signature(Api api, const ApiReply& reply,
                                                      const crypto::PlatformKeys& keys,
                                                      std::chrono::sys_seconds now,
                                                      std::chrono::seconds tolerance) {
  const crypto::SignedParts parts{
      reply.header("Wechatpay-Timestamp"),      reply.header("Wechatpay-Nonce"),
      reply.header("Wechatpay-Serial"),         reply.header("Wechatpay-Signature"),
      reply.header("Wechatpay-Signature-Type"), reply.body};
  const auto verified = crypto::verify_signature(keys, parts, tolerance, now);
  if (verified) return {};
  const SignatureFault fault = explain(verified.error());
  ApiError error;
  error.failure = ApiFailure::kUntrusted;
  error.api = api;
  error.status = reply.status;
  error.message = fault.message;
  error.advice = fault.advice;
  error.request_id = reply.header("Request-ID");
  if (verified.error() == crypto::VerifyError::kProbe) error.retry = Retry::kSoon;
  return error;
}

ApiResult<std::string_view> accept_reply(const ApiRequest& request, const ApiReply& reply,
                                         const crypto::PlatformKeys& keys,
                                         std::chrono::sys_seconds now,
                                         std::chrono::seconds tolerance) {
  if (reply.status < 200 || reply.status >= 300) return read_error(request.api, reply);
  if (spec_of(request.api).reply_signed) {
    auto trusted = check_signature(request.api, reply, keys, now, tolerance);
    if (!trusted) return std::move(trusted).error();
  }
  return std::string_view(reply.body);
}

}  // namespace couponhook::wechatpay
