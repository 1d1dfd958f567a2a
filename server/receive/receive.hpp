#pragma once

/// \file
/// The way of a notification: two pure halves around the wait for the commit.

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
#include "server/receive/merchants.hpp"
#include "server/net/http_message.hpp"
#include "server/verdict/verdict.hpp"
#include "storage/records.hpp"

namespace couponhook::server {

/// What decides beside the merchant's keys; constant while the service runs.
struct ReceiveRules {
  base::JsonLimits json;
  handlers::Registry ledger;                   ///< which events the ledger keeps
  handlers::Registry outward;                  ///< which events go to handlers after the commit
  std::set<std::string, std::less<>> awaited;  ///< of these, whom a reply waits for
};

/// Nothing is kept: the reply is due.
struct Refused {
  Verdict verdict;
  std::string hint;  ///< what to say instead of the verdict's message; empty: nothing better
};

/// Signed, but of no use as it is: to be kept sealed, then replied with `verdict`.
struct ToQuarantine {
  Verdict verdict;
  storage::Quarantined record;
};

/// To be committed, then acknowledged.
struct ToAdmit {
  Verdict verdict_if_new;
  storage::Admission admission;
  std::string unreadable;  ///< why an event of a known type could not be read; empty: it could
  std::vector<std::string_view> awaited{};  ///< handlers that the reply waits for
};

using Examined = std::variant<Refused, ToQuarantine, ToAdmit>;

/// Everything up to the store: verify, parse, decrypt, understand. Pure: the same request, keys and
/// time give the same answer. Thread-safe.
[[nodiscard]] Examined examine(const Request& request, const Merchant& merchant,
                               const ReceiveRules& rules,
                               std::chrono::system_clock::time_point now);

/// What the store's answer means for the sender.
[[nodiscard]] Verdict conclude(const Examined& examined, storage::AdmitOutcome outcome);

/// Whether the reply waits for handlers too.
[[nodiscard]] bool waits_for_handlers(Verdict committed, const ToAdmit& admitted);

/// What the handlers' answer means for the sender. Where there is none yet, whoever was first says
/// that it failed, a copy that it goes on.
/// \param committed the verdict without them.
[[nodiscard]] Verdict conclude_handling(Verdict committed, Handled result);

/// The part of the way that a notification which WeChat Pay never delivered shares: what is to be
/// committed for a decrypted resource.
[[nodiscard]] ToAdmit make_admission(handlers::Notification&& notification, std::string&& resource,
                                     std::string_view mchid, std::string_view source,
                                     const ReceiveRules& rules,
                                     std::chrono::system_clock::time_point now);

}  // namespace couponhook::server
