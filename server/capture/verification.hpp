#pragma once

/// \file
/// Verifies a captured request step by step and explains each step, so that a merchant can see why
/// a notification was refused.

#include <chrono>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "server/capture/captured_request.hpp"
#include "server/receive/merchants.hpp"
#include "server/receive/receive.hpp"
#include "server/verdict/verdict.hpp"
#include "storage/records.hpp"

namespace couponhook::server {

/// One step of the verification. Its texts contain no openid, no key and no body.
struct VerificationStep {
  std::string_view name;  ///< "capture", "headers", "time", "serial", "signature" and so on
  bool ok = false;
  std::string detail;
};

/// The event of a verified request.
struct VerifiedEvent {
  std::string id;
  std::string event_type;
  std::string create_time;
  std::string flaw;  ///< reason why the event cannot be read, or its unusual fields; may be empty
};

struct Verification {
  std::string source;  ///< file of the request, as in CapturedRequest::source
  std::vector<VerificationStep> steps;
  /// The reason why the request would be refused; empty if it would be stored.
  std::string cause;
  std::string repair;  ///< advice against the cause; may be empty
  std::optional<VerifiedEvent> event;
  std::optional<storage::LedgerFact> fact;
  /// The reply that a service with these keys would send, if its clock showed the request's time.
  Verdict verdict = Verdict::kInternal;

  /// Returns true if the service would store the notification and reply with 200 or 204.
  [[nodiscard]] bool would_be_stored() const;
};

/// The keys and rules with which requests are verified.
struct VerificationKeys {
  const Merchant& merchant;
  const ReceiveRules& rules;
  /// Names of the APIv3 keys, such as their files, in the order of the merchant's ciphers.
  std::vector<std::string> api_v3_key_names;
};

/// Verifies a captured request as the service would at the time of the request's timestamp. Pure:
/// opens no file, no connection and no store. If the signature is wrong, searches for the change
/// that made it wrong (find_repair.hpp), and goes on with the repaired request. Thread-safe.
/// \param now used only to say how old the request is, and in place of a timestamp that is not a
///   number.
[[nodiscard]] Verification verify_capture(const CapturedRequest& request,
                                          const VerificationKeys& keys,
                                          std::chrono::system_clock::time_point now);

}  // namespace couponhook::server
