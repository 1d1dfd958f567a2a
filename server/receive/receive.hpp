#pragma once

/// \file
/// Examines a notification before it is committed to the database, and determines the verdict (the
/// result for the sender) after the commit. Pure functions, which use no socket, thread, clock or
/// database.

#include <chrono>
#include <functional>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "handlers/notification.hpp"
#include "handlers/registry.hpp"
#include "server/delivery/delivery_waiter.hpp"
#include "server/net/http_message.hpp"
#include "server/receive/merchants.hpp"
#include "server/verdict/verdict.hpp"
#include "storage/records.hpp"

namespace couponhook::server {

/// Settings of examine(), beside the merchant's keys. They do not change while the service runs.
struct ReceiveRules {
  base::JsonLimits json;
  /// Selects the events that the ledger (the stored coupon events) records.
  handlers::Registry ledger;
  /// Selects the events that are delivered to handlers after the commit.
  handlers::Registry outward;
  /// Names of the handlers in `outward` whose result the reply waits for (ack = "handled").
  std::set<std::string, std::less<>> awaited;
};

/// Result of examine() for a refused request: nothing is stored, and the reply can be sent at once.
struct Refused {
  Verdict verdict;
  /// Text that replaces the verdict's message in the reply. If this text is empty, the reply has
  /// the verdict's own message.
  std::string hint;
};

/// Result of examine() for a signed request that is not a notification or cannot be decrypted. The
/// body is stored in quarantine; then the reply that belongs to the member `verdict` is sent.
struct ToQuarantine {
  Verdict verdict;
  storage::Quarantined record;
};

/// Result of examine() for a valid notification. The notification is committed to the database
/// first, then acknowledged.
struct ToAdmit {
  /// Verdict (result for the sender) if the commit shows that the notification is neither a
  /// duplicate nor in conflict with an earlier one.
  Verdict verdict_if_new;
  storage::Admission admission;
  /// Reason why an event of a known type could not be read; empty if the event is readable or of an
  /// unknown type.
  std::string unreadable;
  /// Names of the handlers whose result the HTTP reply waits for.
  std::vector<std::string_view> awaited{};
};

using Examined = std::variant<Refused, ToQuarantine, ToAdmit>;

/// Does everything that comes before storing a notification: verifies the signature, parses the
/// envelope, decrypts the resource, and reads the event. Pure: the same request, keys, rules and
/// time give the same result. Thread-safe.
/// \param check_time receives the time that the check of the signature took; 0 if the request was
///   refused before that. May be null.
/// \return the record to store, or the reply.
[[nodiscard]] Examined examine(const Request& request, const Merchant& merchant,
                               const ReceiveRules& rules, std::chrono::system_clock::time_point now,
                               std::chrono::steady_clock::duration* check_time = nullptr);

/// Returns the verdict (result for the sender) that follows from the outcome of the commit to the
/// database.
[[nodiscard]] Verdict conclude(const Examined& examined, storage::AdmitOutcome outcome);

/// Returns true if the HTTP reply must also wait for the results of the handlers in
/// `admitted.awaited`.
/// \param committed the verdict (result for the sender) that follows from the commit alone.
[[nodiscard]] bool waits_for_handlers(Verdict committed, const ToAdmit& admitted);

/// Returns the verdict (result for the sender) that follows from the result of the handlers that
/// the reply waits for. If the handlers have no result in time, the first copy of a notification
/// gets the reply HANDLER_FAILED, and a duplicate gets IN_PROGRESS.
/// \param committed the verdict that follows from the commit alone.
[[nodiscard]] Verdict conclude_handling(Verdict committed, Handled result);

/// Makes the record of one event for the database, from a decrypted resource. The caller uses the
/// function for notifications, and for events that were found in WeChat Pay's own records
/// (reconciliation).
[[nodiscard]] ToAdmit make_admission(handlers::Notification&& notification, std::string&& resource,
                                     std::string_view mchid, std::string_view source,
                                     const ReceiveRules& rules,
                                     std::chrono::system_clock::time_point now);

}  // namespace couponhook::server
