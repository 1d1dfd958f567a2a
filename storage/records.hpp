#pragma once

/// \file
/// Records that the store takes and returns. Times are milliseconds since the Unix epoch.

#include <array>
#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace couponhook::storage {

using Digest = std::array<unsigned char, 32>;

/// One fact of the ledger. A fact with a coupon belongs to that coupon. A fact without a coupon (a
/// refund) belongs to every coupon that has a fact with the same transaction, in whichever order
/// they arrive.
struct LedgerFact {
  std::string kind;  ///< issue, redeem or refund
  std::string stock_id;
  std::string coupon;          ///< empty for refunds
  std::string transaction_id;  ///< empty for issues
  std::string business_key;    ///< unique with kind and coupon: a fact is stored once
  std::string occurred_at;     ///< time, unchanged text of the sender
};

/// Right of one replica to make a delivery, until the lease ends. Each takeover of a delivery
/// raises its fence (fencing token); a result that is reported under an older fence is ignored.
struct Lease {
  std::int64_t delivery_id = 0;
  std::int64_t fence = 0;
};

/// Owner and length of the leases that a replica takes.
struct LeaseTerms {
  /// Name of the replica, unique among the running replicas, so that rows and messages tell them
  /// apart. It does not decide who holds a delivery: the fence does.
  std::string owner = "this";
  /// Length of a lease. Renew it after a third of this time. The deliveries of a replica that was
  /// killed wait at most twice this time before another replica takes them.
  std::chrono::milliseconds lease{10'000};
};

/// A delivery to be made after the commit of its notification.
struct NewDelivery {
  std::string handler;
  std::string ordering_key;  ///< deliveries with the same key are made one at a time, in order
  /// True if the caller that admits the notification makes the delivery itself. The delivery is
  /// then created with a lease for this replica, unless an earlier one with its key is still open
  /// or a pause holds it back.
  bool leased = false;
};

/// A delivery that was created with a lease for the caller that admitted its notification.
struct LeasedDelivery {
  std::string handler;
  Lease lease;
};

/// Identity of one quarantined body. The number alone is not enough: if the row with the highest
/// number is deleted, SQLite gives that number to the next row.
struct SealedKey {
  std::int64_t quarantine_id = 0;
  Digest body_digest{};
};

/// Beginnings of the text in Admission::flaw. The database holds them: never change them.
namespace flaw {
inline constexpr std::string_view kUnreadable = "unreadable: ";  ///< the fact could not be read
inline constexpr std::string_view kHarmless = "flaw: ";          ///< the fact could still be read
}  // namespace flaw

/// A verified and decrypted notification, to be stored with its ledger fact and its deliveries.
struct Admission {
  std::string mchid;
  std::string id;
  std::string event_type;
  std::string create_time;  ///< unchanged text of the sender
  std::string source;       ///< origin: "notification" or "reconcile"
  std::string envelope;     ///< the rest of the envelope as a JSON object; may be empty
  std::string resource;     ///< the decrypted resource
  /// Description of what is wrong with the resource, without its content. Begins with one of the
  /// texts in namespace flaw; empty if nothing is wrong.
  std::string flaw;
  Digest digest{};  ///< of the decrypted resource: tells a copy of the notification from a conflict
  std::int64_t received_at_ms = 0;
  std::optional<LedgerFact> fact;
  std::vector<NewDelivery> deliveries;
  /// The quarantined body that this notification was decrypted from. It is removed in the same
  /// transaction.
  std::optional<SealedKey> opened_from;
};

/// A quarantined body with everything that is needed to decrypt it again.
struct SealedRecord {
  SealedKey key;
  std::string mchid;
  std::string headers;
  std::string body;
  std::int64_t received_at_ms = 0;
};

/// A signed request whose envelope could not be parsed or whose resource could not be decrypted; it
/// is stored as received.
struct Quarantined {
  std::string mchid;
  std::string reason;      ///< ENVELOPE_INVALID or DECRYPT_FAILED
  std::string detail;      ///< description of the error, without content
  std::string id;          ///< empty if the envelope could not be read
  std::string event_type;  ///< empty if the envelope could not be read
  std::string headers;     ///< the Wechatpay-* headers as a JSON object
  std::string body;        ///< the body as received
  Digest body_digest{};    ///< primary key: the same bytes are stored once
  std::int64_t received_at_ms = 0;
};

/// Outcome of a request to the Inbox. Every outcome but kFailed means that the data is committed.
enum class AdmitOutcome : std::uint8_t {
  kStored,       ///< a new notification was stored
  kDuplicate,    ///< the notification was stored before, with the same content
  kConflict,     ///< the id was stored before with other content: the first one stands, this one is
                 ///< stored as a conflict
  kQuarantined,  ///< the body was stored in quarantine
  kAlive,        ///< answer to Inbox::probe(): a row was committed
  kFailed,       ///< nothing was committed
};

/// One attempt at a delivery, from its history.
struct AttemptRecord {
  std::int64_t attempt = 0;
  std::int64_t began_at_ms = 0;
  std::int64_t ended_at_ms = 0;
  std::string outcome;  ///< done, retry, dead, lost or skipped
  std::string error;
};

struct DeliveryRecord {
  std::int64_t delivery_id = 0;
  std::string handler;
  std::string state;  ///< pending, retrying, done, dead or skipped
  std::int64_t attempts = 0;
  /// Due time, or the end of the lease if the delivery is leased. Nothing if the delivery has
  /// ended, or waits for an earlier one of its lane.
  std::optional<std::int64_t> due_at_ms;
  std::string last_error;
  bool leased = false;      ///< a replica holds a lease on the delivery; the lease may have ended
  std::string lease_owner;  ///< name of the replica that holds the lease
  bool paused = false;
  std::int64_t created_at_ms = 0;
  std::optional<std::int64_t> finished_at_ms;
  // Set only in lists of deliveries, and by Reader::delivery():
  std::string notification_id;
  std::string mchid;
  std::string event_type;
  // Set only in a notification's record: the latest attempts, in order. Empty if the first attempt
  // succeeded.
  std::vector<AttemptRecord> history;
};

/// Filter of a list of deliveries. An empty text or nullopt does not restrict the list.
struct DeliveryFilter {
  std::string handler;
  std::string state;
  std::string event_type;
  std::string mchid;
  std::string error;                     ///< substring of the last error
  std::optional<std::int64_t> since_ms;  ///< notification received at or after this time
  std::optional<std::int64_t> until_ms;  ///< notification received before this time
  std::int64_t limit = 50;
  std::optional<std::int64_t> before_delivery;  ///< cursor: the list is newest first and has only
                                                ///< deliveries with a smaller number
};

struct DeliveryPage {
  std::vector<DeliveryRecord> items;
  std::optional<std::int64_t> next_before_delivery;
};

/// A pause that an operator has set: matching deliveries are not made until it is resumed.
struct PauseRecord {
  std::int64_t pause_id = 0;
  std::string handler;        ///< empty: all handlers
  std::string event_pattern;  ///< an event type, or its beginning followed by *; empty: all types
  std::string reason;
  std::string created_by;  ///< empty: set by a release that did not record the operator
  std::int64_t created_at_ms = 0;
  /// Set when the pause was ended. Its deliveries then become due in small batches.
  std::optional<std::int64_t> resumed_at_ms;
};

struct NotificationRecord {
  std::int64_t sequence = 0;
  std::string id;
  std::string mchid;
  std::string event_type;
  std::string state;  ///< received, done, dead, unreadable or quarantined
  std::string create_time;
  std::int64_t received_at_ms = 0;
  std::int64_t last_seen_at_ms = 0;
  std::int64_t times_seen = 0;
  std::int64_t conflicts = 0;  ///< number of copies with other content
  std::string source;
  std::string envelope;
  std::string flaw;      ///< see Admission::flaw
  std::string resource;  ///< empty after its retention time, and for quarantined bodies
  std::string quarantine_reason;
  std::string quarantine_detail;
  std::vector<DeliveryRecord> deliveries;
};

/// Filter of a list of notifications. An empty text or nullopt does not restrict the list.
struct NotificationFilter {
  std::string event_type;
  /// received, done, dead, quarantined or unreadable. "quarantined" lists the quarantine.
  /// "unreadable" lists the notifications whose fact could not be read, whatever the state of their
  /// deliveries.
  std::string state;
  std::string mchid;
  std::optional<std::int64_t> since_ms;  ///< received at or after this time
  std::optional<std::int64_t> until_ms;  ///< received before this time
  std::int64_t limit = 50;
  std::optional<std::int64_t> before_sequence;  ///< cursor: the list is newest first and has only
                                                ///< notifications with a smaller number
  /// True to include resources and deliveries; the page then ends after about 4 MiB.
  bool whole = false;
};

struct NotificationPage {
  std::vector<NotificationRecord> items;  ///< without the history of attempts
  std::optional<std::int64_t> next_before_sequence;
};

/// Number of open deliveries of one handler.
struct HandlerBacklog {
  std::string handler;
  std::int64_t open = 0;
};

struct LedgerRecord {
  LedgerFact fact;
  std::string mchid;
  std::string notification_id;
  std::string source;
};

struct TypeCount {
  std::string event_type;
  std::int64_t count = 0;
};

/// Totals of the store. The writer updates them in the transactions that they count, so reading
/// them costs the same however large the store is.
struct StoreCounts {
  std::int64_t stored = 0;
  std::int64_t duplicates = 0;
  std::int64_t conflicts = 0;
  std::int64_t quarantined = 0;  ///< since the store was created
  std::int64_t sealed = 0;       ///< still in quarantine now
  std::int64_t unreadable = 0;   ///< stored notifications whose fact could not be read
  std::vector<TypeCount> by_type;
  std::optional<std::int64_t> last_received_at_ms;
  std::int64_t deliveries_pending = 0;
  std::int64_t deliveries_retrying = 0;
  std::int64_t deliveries_dead = 0;
  std::int64_t deliveries_done = 0;
  std::int64_t deliveries_skipped = 0;
  std::optional<std::int64_t> oldest_pending_at_ms;
};

}  // namespace couponhook::storage
