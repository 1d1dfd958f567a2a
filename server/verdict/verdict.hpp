#pragma once

/// \file
/// What became of a request, and what is said about it: the one table of replies.

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

#include "server/net/http_message.hpp"

namespace couponhook::server {

/// Every way in which a request on the public listener can end.
enum class Verdict : std::uint8_t {
  // Kept: WeChat Pay may forget it.
  kStored,
  kStoredUnknownType,  ///< an event type that is not documented
  kStoredUnreadable,   ///< a documented one without the fields that it should have
  kDuplicate,
  kConflict,  ///< a known id with other content
  // Not signed by WeChat Pay, or not now: nothing is kept.
  kHeadersMissing,
  kTimestampInvalid,
  kSerialUnknown,
  kSignatureInvalid,
  kProbe,  ///< WeChat Pay's own wrong signature: refused like any other, counted apart
  // Signed, but of no use as it is: kept in quarantine, and sent again by WeChat Pay meanwhile.
  kEnvelopeInvalid,
  kDecryptFailed,
  // Kept, but not handled as was promised: sent again by WeChat Pay, and tried again.
  kHandlerFailed,  ///< a handler that the reply waits for failed, or took too long
  kInProgress,     ///< it is being handled for another copy right now
  // Not our day: sent again by WeChat Pay.
  kStoreUnavailable,
  kOverloaded,
  kInternal,
  // Not a notification at all.
  kNotFound,
  kMethodNotAllowed,
  kMalformed,
  kVersionUnsupported,
  kTargetTooLong,
  kHeadersTooLarge,
  kBodyTooLarge,
  kTooSlow,
  kProxyUntrusted,  ///< a connection that was closed for its PROXY header, without a reply
  kProxyMalformed,
};
inline constexpr std::size_t kVerdictCount = static_cast<std::size_t>(Verdict::kProxyMalformed) + 1;

enum class Severity : std::uint8_t { kDebug, kInfo, kWarning, kError };

/// A row of the table.
struct VerdictRow {
  Verdict verdict;
  std::string_view code;     ///< in the reply's body, in logs, counters and metrics
  unsigned status;           ///< kSuccessStatus: by configuration 200 or 204
  std::string_view message;  ///< for whoever reads the reply
  Severity severity;
};
inline constexpr unsigned kSuccessStatus = 0;

[[nodiscard]] const std::array<VerdictRow, kVerdictCount>& verdict_table();
[[nodiscard]] const VerdictRow& row(Verdict verdict);

/// The HTTP reply for a verdict.
/// \param success_status 200 or 204.
/// \param hint replaces the row's message where there is something more helpful to say; nothing
/// that
///   JSON would have to escape.
[[nodiscard]] Reply reply_for(Verdict verdict, unsigned success_status, std::string_view hint = {});

[[nodiscard]] Verdict verdict_for(HttpFault fault);

}  // namespace couponhook::server
