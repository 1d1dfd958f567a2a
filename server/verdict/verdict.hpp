#pragma once

/// \file
/// Verdicts: all possible results of a request, and one table with the reply, log level and code of
/// each.

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

#include "server/net/http_message.hpp"

namespace couponhook::server {

/// All possible results of a request on the public listener.
enum class Verdict : std::uint8_t {
  // Stored: WeChat Pay need not send it again.
  kStored,
  kStoredUnknownType,  ///< an event type that is not documented
  kStoredUnreadable,   ///< a documented event type, but a required field cannot be read
  kDuplicate,
  kConflict,  ///< a known id with other content than before
  // The signature is missing or wrong, its time is wrong, or its key is unknown: nothing is stored.
  kHeadersMissing,
  kTimestampInvalid,
  kSerialUnknown,
  kSignatureInvalid,
  kProbe,  ///< a wrong signature that WeChat Pay sends on purpose, as a test; counted separately
  // Signed, but cannot be read or decrypted: stored in quarantine. WeChat Pay sends it again.
  kEnvelopeInvalid,
  kDecryptFailed,
  // Stored, but a handler that the reply waits for is not done. WeChat Pay sends it again, and the
  // delivery is retried.
  kHandlerFailed,  ///< the handler failed, or took too long
  kInProgress,     ///< an earlier copy of the notification is being handled now
  // The service cannot store it now. WeChat Pay sends it again.
  kStoreUnavailable,
  kOverloaded,
  kInternal,
  // Not a notification.
  kNotFound,
  kMethodNotAllowed,
  kMalformed,
  kVersionUnsupported,
  kTargetTooLong,
  kHeadersTooLarge,
  kBodyTooLarge,
  kTooSlow,
  kProxyUntrusted,  ///< the connection is closed without a reply, as for kProxyMalformed
  kProxyMalformed,
};
inline constexpr std::size_t kVerdictCount = static_cast<std::size_t>(Verdict::kProxyMalformed) + 1;

/// Level of a log line.
enum class Severity : std::uint8_t { kDebug, kInfo, kWarning, kError };

/// One row of the verdict table.
struct VerdictRow {
  Verdict verdict;
  std::string_view code;     ///< for the reply's body, logs, counters and metrics
  unsigned status;           ///< kSuccessStatus: 200 or 204, as configured
  std::string_view message;  ///< for people who read the reply
  Severity severity;
};
/// Stands for the configured status of an acknowledgement.
inline constexpr unsigned kSuccessStatus = 0;

/// All verdicts, in the order of the enum.
[[nodiscard]] const std::array<VerdictRow, kVerdictCount>& verdict_table();
/// The row of a verdict.
[[nodiscard]] const VerdictRow& row(Verdict verdict);

/// Builds the HTTP reply for a verdict.
/// \param success_status 200 or 204.
/// \param hint replaces the row's message with a more helpful one. It must not contain characters
///   that JSON would have to escape.
[[nodiscard]] Reply reply_for(Verdict verdict, unsigned success_status, std::string_view hint = {});

/// The verdict for a fault in the HTTP request.
[[nodiscard]] Verdict verdict_for(HttpFault fault);

}  // namespace couponhook::server
