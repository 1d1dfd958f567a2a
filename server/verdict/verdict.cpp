#include "server/verdict/verdict.hpp"

namespace couponhook::server {
namespace {

using enum Verdict;
using enum Severity;

/// Value of the Retry-After header in a reply with status 503. WeChat Pay ignores the header and
/// keeps its own schedule; load balancers and `couponhook trigger` follow it.
constexpr std::chrono::seconds kRetryAfter{1};

constexpr std::array<VerdictRow, kVerdictCount> kTable{{
    {kStored, "STORED", kSuccessStatus, "", kInfo},
    {kStoredUnknownType, "STORED_UNKNOWN_TYPE", kSuccessStatus, "", kWarning},
    {kStoredUnreadable, "STORED_UNREADABLE", kSuccessStatus, "", kWarning},
    {kDuplicate, "DUPLICATE", kSuccessStatus, "", kInfo},
    {kConflict, "CONFLICT", kSuccessStatus, "", kError},
    {kHeadersMissing, "HEADERS_MISSING", 401,
     "a Wechatpay-Timestamp, -Nonce, -Serial or -Signature header is missing", kInfo},
    {kTimestampInvalid, "TIMESTAMP_INVALID", 401,
     "Wechatpay-Timestamp is not a number, or too far from this server's clock", kWarning},
    {kSerialUnknown, "SERIAL_UNKNOWN", 401,
     "Wechatpay-Serial names no platform certificate or public key that is loaded here", kWarning},
    {kSignatureInvalid, "SIGNATURE_INVALID", 401,
     "Wechatpay-Signature does not match this body and these headers", kWarning},
    {kProbe, "SIGNATURE_INVALID", 401,
     "Wechatpay-Signature does not match this body and these headers", kInfo},
    {kEnvelopeInvalid, "ENVELOPE_INVALID", 500,
     "the signed body is not a notification; it is kept in quarantine", kError},
    {kDecryptFailed, "DECRYPT_FAILED", 500,
     "no configured APIv3 key decrypts the resource; it is kept in quarantine", kError},
    {kHandlerFailed, "HANDLER_FAILED", 500,
     "it is stored, but a handler that must finish first failed or took too long; send it again",
     kWarning},
    {kInProgress, "IN_PROGRESS", 503, "it is being handled right now; send it again", kInfo},
    {kStoreUnavailable, "STORE_UNAVAILABLE", 503,
     "the notification could not be committed in time; send it again", kError},
    {kOverloaded, "OVERLOADED", 503,
     "more connections, bytes or work are under way than the limits allow; send it again",
     kWarning},
    {kInternal, "INTERNAL", 500, "an unexpected error; send it again", kError},
    {kNotFound, "NOT_FOUND", 404, "no merchant is configured for this path", kDebug},
    {kMethodNotAllowed, "METHOD_NOT_ALLOWED", 405, "notifications are sent with POST", kDebug},
    {kMalformed, "MALFORMED", 400, "this is not well-formed HTTP/1.1", kInfo},
    {kVersionUnsupported, "VERSION_UNSUPPORTED", 505, "only HTTP/1.1 and HTTP/1.0 are supported",
     kInfo},
    {kTargetTooLong, "TARGET_TOO_LONG", 414, "the request target is too long", kInfo},
    {kHeadersTooLarge, "HEADERS_TOO_LARGE", 431, "the header fields are too large", kInfo},
    {kBodyTooLarge, "BODY_TOO_LARGE", 413, "the body is larger than listener.max_body_bytes",
     kInfo},
    {kTooSlow, "TOO_SLOW", 408, "the request took too long to arrive", kInfo},
    {kProxyUntrusted, "PROXY_UNTRUSTED", 400,
     "a PROXY header from an address outside listener.trusted_proxies", kWarning},
    {kProxyMalformed, "PROXY_MALFORMED", 400, "no PROXY header of version 1 or 2", kWarning},
}};

constexpr bool rows_are_in_verdict_order() {
  for (std::size_t i = 0; i < kTable.size(); ++i) {
    if (static_cast<std::size_t>(kTable[i].verdict) != i) return false;
  }
  return true;
}
static_assert(rows_are_in_verdict_order());

}  // namespace

const std::array<VerdictRow, kVerdictCount>& verdict_table() {
  return kTable;
}

const VerdictRow& row(Verdict verdict) {
  return kTable[static_cast<std::size_t>(verdict)];
}

Reply reply_for(Verdict verdict, unsigned success_status, std::string_view hint) {
  const VerdictRow& entry = row(verdict);
  Reply reply;
  if (entry.status == kSuccessStatus) {
    reply.status = success_status;
    return reply;
  }
  reply.status = entry.status;
  // The codes and messages of the reply come from this program and contain no characters that JSON
  // would have to escape.
  reply.body = R"({"code":")";
  reply.body += entry.code;
  reply.body += R"(","message":")";
  reply.body += hint.empty() ? entry.message : hint;
  reply.body += R"("})";
  if (entry.status == 405) reply.allow = "POST";
  if (entry.status == 503) reply.retry_after = kRetryAfter;
  return reply;
}

Verdict verdict_for(HttpFault fault) {
  switch (fault) {
    case HttpFault::kMalformed:
      return kMalformed;
    case HttpFault::kVersionUnsupported:
      return kVersionUnsupported;
    case HttpFault::kTargetTooLong:
      return kTargetTooLong;
    case HttpFault::kHeadersTooLarge:
      return kHeadersTooLarge;
    case HttpFault::kBodyTooLarge:
      return kBodyTooLarge;
    case HttpFault::kTooSlow:
      return kTooSlow;
    case HttpFault::kOverloaded:
      return kOverloaded;
    case HttpFault::kProxyUntrusted:
      return kProxyUntrusted;
    case HttpFault::kProxyMalformed:
      return kProxyMalformed;
    case HttpFault::kInternal:
      break;
  }
  return kInternal;
}

}  // namespace couponhook::server
