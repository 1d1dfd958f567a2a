#pragma once

/// \file
/// Structures that the rows of the store's queries are read into, beside those of records.hpp.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "storage/delivery_states.hpp"
#include "storage/records.hpp"

namespace couponhook::storage {

/// The stored notification that has the same id as a received copy.
struct FirstOfCopy {
  std::int64_t sequence = 0;
  Digest digest{};
};

/// The notification for which a ledger fact was stored first.
struct FactOrigin {
  std::string notification_id;
  std::string mchid;
  std::string source;
};

/// A stored notification whose content is to be read again.
struct NotificationToRead {
  std::int64_t sequence = 0;
  std::string flaw;  ///< see Admission::flaw; empty if nothing is wrong
  std::int64_t received_at_ms = 0;

  [[nodiscard]] bool is_unreadable() const { return flaw.starts_with(flaw::kUnreadable); }
};

/// Content of a stored notification, as a handler is given it.
struct NotificationContent {
  std::string id;
  std::string mchid;
  std::string event_type;
  std::string create_time;
  std::string source;
  std::string resource;
};

/// A quarantined body with everything that is needed to decrypt it again.
struct SealedBody {
  std::string mchid;
  std::string headers;
  std::string body;
  std::int64_t received_at_ms = 0;
  Digest body_digest{};
};

/// A delivery that a replica may take.
struct Candidate {
  std::int64_t delivery_id = 0;
  std::string handler;
  std::int64_t lane = 0;
  std::int64_t notification = 0;
  std::string state;
  std::int64_t attempts = 0;
  std::int64_t attempts_before = 0;  ///< attempts of earlier rounds of attempts
  std::int64_t fence = 0;
  std::optional<std::int64_t> due_at_ms;
  bool leased = false;
  std::string lease_owner;
  std::optional<std::int64_t> parked_by;
  std::int64_t created_at_ms = 0;
  std::string ordering_key;
  std::string last_error;
  /// The oldest open delivery of the same ordering lane (one handler and one coupon).
  std::optional<std::int64_t> head;
  std::optional<std::int64_t> running;  ///< the leased delivery of the same ordering lane
  /// Number of lost attempts in the current round of attempts; 0 if the delivery is not leased.
  std::int64_t lost_attempts = 0;
  std::optional<std::int64_t> begun_at_ms;
  std::string event_type;  ///< set only by sql::kDeliveriesToClaim
  std::string lost;        ///< error text for an attempt that was lost; not a column

  [[nodiscard]] bool is_open() const {
    return state == state::kPending || state == state::kRetrying;
  }
  [[nodiscard]] bool is_running(std::int64_t now_ms) const {
    return leased && due_at_ms && *due_at_ms > now_ms;
  }
  /// \return the number of the delivery that goes first in this ordering lane (same handler and
  /// coupon): the leased delivery, or else the oldest open one. The leased one is finished first
  /// even if an operator has meanwhile retried an older one.
  [[nodiscard]] std::int64_t whose_turn() const {
    return running.value_or(head.value_or(delivery_id));
  }
  /// Returns true if the delivery has a lease under which the handler was called. If that lease has
  /// ended, the attempt is lost: no result is known.
  [[nodiscard]] bool has_begun() const { return leased && begun_at_ms; }
  /// Returns true if an attempt was lost before the one that has begun, in the same round of
  /// attempts.
  [[nodiscard]] bool lost_before() const { return has_begun() && lost_attempts > 0; }
};

/// A delivery under a lease, whose result is to be recorded.
struct HeldDelivery {
  std::string handler;
  std::string state;
  std::int64_t lane = 0;
  std::int64_t attempts = 0;
};

/// A delivery that an operator wants to change.
struct DeliveryToChange {
  std::string state;
  std::int64_t lane = 0;
  std::int64_t attempts = 0;
  bool leased = false;
  std::optional<std::int64_t> due_at_ms;
  bool has_content = false;  ///< false if retention has removed the content of its notification
  std::int64_t notification = 0;
  std::string handler;
  std::string ordering_key;

  [[nodiscard]] bool is_running(std::int64_t now_ms) const {
    return leased && due_at_ms && *due_at_ms > now_ms;
  }
  [[nodiscard]] bool has_ended() const { return state == state::kDone || state == state::kSkipped; }
  [[nodiscard]] std::string_view state_if_retried() const {
    return attempts > 0 ? state::kRetrying : state::kPending;
  }
};

/// One attempt, with the number of its delivery.
struct AttemptOfDelivery : AttemptRecord {
  std::int64_t delivery_id = 0;
};

/// A ledger fact, with the notification that reported it. The share is that of the coupon whose
/// facts are read.
struct ReportedFact : LedgerFact {
  std::string mchid;
  std::string notification_id;
  std::string source;
  std::optional<std::int64_t> share_amount;
  std::optional<std::int64_t> share_refund_amount;
};

/// The share of one coupon in a refund, with the business key of the refund.
struct ShareOfRefund {
  std::string business_key;
  std::string coupon;
  std::int64_t amount = 0;
  std::int64_t refund_amount = 0;
};

/// One of the stored totals, summed over all writers.
struct Total {
  std::string name;
  std::int64_t value = 0;
};

/// One value of the history of the counters: of the step that begins at `at_s` (seconds since the
/// Unix epoch), or a total.
struct HistoryValue {
  /// Value of `at_s` for a total as it is now, and for a total up to which the history is written.
  static constexpr std::int64_t kTotal = -1;
  static constexpr std::int64_t kMark = -2;
  std::int64_t at_s = 0;
  std::string series;
  std::int64_t value = 0;
};

/// The newest migration of the database.
struct SchemaVersion {
  std::int64_t version = 0;
  std::int64_t works_with = 0;  ///< the oldest schema version that may still use the database
};

}  // namespace couponhook::storage
