#pragma once

/// \file
/// Stores events that are in WeChat Pay's own records but that no notification reported (POST
/// /books).

#include <string_view>

#include "base/clock.hpp"
#include "base/live.hpp"
#include "server/admin/audit_trail.hpp"
#include "server/net/http_message.hpp"
#include "server/receive/merchants.hpp"
#include "server/receive/receive.hpp"
#include "storage/inbox.hpp"

namespace couponhook::server {

/// References that ReconcileIntake needs. All referenced objects must outlive the ReconcileIntake.
struct ReconcileIntakeSources {
  const base::Live<Merchants>& merchants;
  const ReceiveRules& rules;
  storage::Inbox& inbox;
  base::WallClock clock;
  AuditTrail& audit;
};

/// Handles `POST /books` on the admin listener, which `reconcile --apply` calls. Request body:
///
///     {"mchid", "entries": [{"id", "event_type", "original_type", "summary", "create_time",
///                            "resource"}]}
///
/// `resource` is JSON inside a string, and exactly these bytes are stored. It must be strict JSON
/// whose identifiers and times have the formats that WeChat Pay documents. If any entry is invalid,
/// no entry is stored, and the reply is 400 with the number of the first invalid entry.
///
/// Otherwise each entry is stored like a decrypted notification, with the mark source=reconcile. If
/// the id of an entry is already stored, or if the issuing, redemption or refund that the entry
/// describes is already stored, the entry does not change the ledger and causes no delivery.
///
/// The reply is sent once all entries are committed: {"outcomes": ["stored" | "duplicate" |
/// "conflict" | "failed", …]}, one outcome for each entry. The reply is 409 LEDGER_MISSING when no
/// ledger handler stores such events.
class ReconcileIntake {
 public:
  /// Path of the request that this class handles.
  static constexpr std::string_view kPath = "/books";
  /// Largest number of entries in one request to POST /books.
  static constexpr std::size_t kEntriesMax = 500;

  explicit ReconcileIntake(ReconcileIntakeSources sources) : sources_(std::move(sources)) {}

  /// Stores the entries of a request body, and waits for the commit.
  /// \param by sender of the request, for the audit log.
  /// \return the HTTP reply.
  [[nodiscard]] Task<Reply> take(std::string_view body, const Operator& by);

 private:
  ReconcileIntakeSources sources_;
};

}  // namespace couponhook::server
