#pragma once

/// \file
/// Examination of a notification before the commit, and the verdict after it. Both parts are pure
/// functions, which use no socket, thread, clock or database.

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

/// Settings that examine() uses in addition to the merchant's keys. They do not change while the
/// service runs.
struct ReceiveRules {
  base::JsonLimits json;
  handlers::Registry ledger;   ///< which events the ledger keeps
  handlers::Registry outward;  ///< which events go to handlers after the commit
  /// Names of the handlers in `outward` whose result the reply waits for (ack = "handled").
  std::set<std::string, std::less<>> awaited;  ///< of these, whom a reply waits for
};

/// Result of examine() when nothing is stored and the reply can be sent at once.
struct Refused {
  Verdict verdict;
  std::string hint;  ///< replaces the verdict's message in the reply; empty: keep it
};

/// Result of examine() for a signed request that is not a notification or cannot be decrypted. The
/// body is stored in quarantine, then the reply is `verdict`.
struct ToQuarantine {
  Verdict verdict;
  storage::Quarantined record;
};

/// Result of examine() for a valid notification. It is committed first, then acknowledged.
struct ToAdmit {
  /// Verdict if the commit shows that the notification is neither a duplicate nor a conflict.
  Verdict verdict_if_new;
  storage::Admission admission;
  std::string unreadable;  ///< why an event of a known type could not be read; empty: it could
  std::vector<std::string_view> awaited{};  ///< names of the handlers that the reply waits for
};

using Examined = std::variant<Refused, ToQuarantine, ToAdmit>;

/// Does everything before the store: verifies the signature, parses the envelope, decrypts the
/// resource, and reads the event. Pure: the same request, keys, rules and time give the same
/// result. Thread-safe.
[[nodiscard]] Examined examine(const Request& request, const Merchant& merchant,
                               const ReceiveRules& rules,
                               std::chrono::system_clock::time_point now);

/// Turns the result of the commit into the verdict for the sender.
[[nodiscard]] Verdict conclude(const Examined& examined, storage::AdmitOutcome outcome);

/// Returns true if the reply must also wait for the handlers in `admitted.awaited`.
/// \param committed the verdict after the commit.
[[nodiscard]] bool waits_for_handlers(Verdict committed, const ToAdmit& admitted);

/// Turns the result of the awaited handlers into the verdict for the sender. If there is no result
/// in time, the first copy of a notification gets the reply HANDLER_FAILED, and a duplicate gets
/// IN_PROGRESS.
/// \param committed the verdict after the commit, without the handlers.
[[nodiscard]] Verdict conclude_handling(Verdict committed, Handled result);

/// Makes the record that is committed for a decrypted resource. Notifications and entries from
/// WeChat Pay's own records (reconciliation) both use it.
[[nodiscard]] ToAdmit make_admission(handlers::Notification&& notification, std::string&& resource,
                                     std::string_view mchid, std::string_view source,
                                     const ReceiveRules& rules,
                                     std::chrono::system_clock::time_point now);

}  // namespace couponhook::server
