#pragma once

/// \file
/// Verdicts: all possible results of a request, and one table with the reply, log level and code of
/// each verdict.

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

#include "server/net/http_message.hpp"

namespace couponhook::server {

/// All possible results of a request to the public listener, where WeChat Pay's notifications
/// arrive.
enum class Verdict : std::uint8_t {
  // The notification is stored: WeChat Pay need not send it again.
  kStored,
  kStoredUnknownType,  ///< the notification is stored, but its event type is not documented
  kStoredUnreadable,   ///< the notification is stored, but a required field of it cannot be read
  kDuplicate,
  kConflict,  ///< the id of the notification is known, but its content differs from the stored one
  // The signature is missing or wrong, the time in the signed headers is wrong, or the signing key
  // is unknown. Nothing is stored.
  kHeadersMissing,
  kTimestampInvalid,
  kSerialUnknown,
  kSignatureInvalid,
  /// A wrong signature that WeChat Pay sends on purpose, as a test; counted separately.
  kProbe,
  // The request is signed, but cannot be read or decrypted. It is stored in quarantine, and WeChat
  // Pay sends it again.
  kEnvelopeInvalid,
  kDecryptFailed,
  // The notification is stored, but a handler that the reply waits for is not done. WeChat Pay
  // sends the notification again, and the delivery to the handler is retried.
  kHandlerFailed,  ///< the handler failed, or took too long to finish
  /// A handler is working on an earlier copy of the notification.
  kInProgress,
  // The service cannot store the notification now. WeChat Pay sends it again.
  kStoreUnavailable,
  kOverloaded,
  kInternal,
  // The request is not a notification, or breaks the rules of HTTP or of the PROXY protocol.
  kNotFound,
  kMethodNotAllowed,
  kMalformed,
  kVersionUnsupported,
  kTargetTooLong,
  kHeadersTooLarge,
  kBodyTooLarge,
  kTooSlow,
  /// The PROXY header of a load balancer is wrong (kProxyUntrusted, kProxyMalformed): the
  /// connection is closed without a reply.
  kProxyUntrusted,
  kProxyMalformed,
};
inline constexpr std::size_t kVerdictCount = static_cast<std::size_t>(Verdict::kProxyMalformed) + 1;

/// Level of a log line, from debug to error.
enum class Severity : std::uint8_t { kDebug, kInfo, kWarning, kError };

/// One row of the table of verdicts (all possible results of a request).
struct VerdictRow {
  Verdict verdict;
  /// Short text that names the verdict in the reply's body, in logs, counters and metrics.
  std::string_view code;
  /// HTTP status of the reply; kSuccessStatus stands for the configured 200 or 204.
  unsigned status;
  std::string_view message;  ///< explanation of the verdict for people who read the reply
  Severity severity;
};
/// Stands for the configured HTTP status of an acknowledgement: 200 or 204.
inline constexpr unsigned kSuccessStatus = 0;

/// Returns the table of all verdicts (results of a request), in the order of the enum.
[[nodiscard]] const std::array<VerdictRow, kVerdictCount>& verdict_table();
/// Returns the row of a verdict in the table of verdicts.
[[nodiscard]] const VerdictRow& row(Verdict verdict);

/// Builds the HTTP reply for a verdict (the result of a request).
/// \param success_status status of an acknowledgement: 200 or 204.
/// \param hint replaces the message of the verdict with a more helpful one. It must not contain
///   characters that JSON would have to escape.
[[nodiscard]] Reply reply_for(Verdict verdict, unsigned success_status, std::string_view hint = {});

/// Returns the verdict for a request that breaks a rule of HTTP.
[[nodiscard]] Verdict verdict_for(HttpFault fault);

}  // namespace couponhook::server
