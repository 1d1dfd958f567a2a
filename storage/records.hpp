#pragma once

/// \file
/// Data types of the rows that are written to and read from the store. All times are milliseconds
/// since the Unix epoch.

#include <array>
#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/refund_amounts.hpp"

namespace couponhook::storage {

using Digest = std::array<unsigned char, 32>;
/// The first half of the SHA-256 digest of a user's openid, which is enough to find the user's
/// notifications.
using OpenidDigest = std::array<unsigned char, 16>;

/// One fact of the coupon ledger: a coupon was issued, redeemed or refunded. A fact with a coupon
/// belongs to that coupon. A fact without a coupon (a refund) belongs to every coupon that has a
/// fact with the same transaction, or a share in a refund of it, whichever fact arrives first.
struct LedgerFact {
  std::string kind;  ///< kind of the ledger fact: issue, redeem or refund
  std::string stock_id;
  std::string coupon;          ///< id of the coupon; empty for refunds
  std::string transaction_id;  ///< id of the payment transaction; empty for the issuing of a coupon
  /// Key of the ledger fact, unique together with `kind` and `coupon`, so that the same fact is
  /// stored only once.
  std::string business_key;
  std::string occurred_at;  ///< time of the fact as WeChat Pay wrote it, unchanged
  // The members from here on are set only for refunds. The amounts are in fen; a refund has all
  // four or none of them.
  std::string out_refund_no{};  ///< the merchant's own number of the refund; empty if not known
  std::optional<std::int64_t> amount_total{};
  std::optional<std::int64_t> amount_refund{};
  std::optional<std::int64_t> amount_payer_total{};
  std::optional<std::int64_t> amount_payer_refund{};
  /// Shares of coupons in the refund. A fact that is read for one coupon has only this coupon's.
  std::vector<base::CouponShare> shares{};

  /// Returns the amounts of a refund; nothing if they are not known.
  [[nodiscard]] std::optional<base::RefundAmounts> amounts() const {
    if (!amount_total || !amount_refund || !amount_payer_total || !amount_payer_refund) return {};
    return base::RefundAmounts{*amount_total, *amount_refund, *amount_payer_total,
                               *amount_payer_refund};
  }
  void set_amounts(const std::optional<base::RefundAmounts>& amounts) {
    if (!amounts) return;
    amount_total = amounts->total;
    amount_refund = amounts->refund;
    amount_payer_total = amounts->payer_total;
    amount_payer_refund = amounts->payer_refund;
  }
};

/// The right of one replica to make a delivery, until the lease ends. Each time a replica takes
/// over the delivery, its fence (fencing token, a number) is raised by one. A result that is
/// reported with an older fence is ignored.
struct Lease {
  std::int64_t delivery_id = 0;
  std::int64_t fence = 0;
};

/// Owner and duration of the leases on deliveries that a replica takes.
struct LeaseTerms {
  /// Name of the replica that takes the leases, unique among the running replicas; shown in rows
  /// and messages. The name does not decide who holds a delivery: the fence (fencing token) does.
  std::string owner = "this";
  /// Duration of a lease on a delivery. Renew the lease when a third of this time has passed. If a
  /// replica is killed, its deliveries wait at most twice this time before another replica takes
  /// them.
  std::chrono::milliseconds lease{10'000};
};

/// A delivery of a notification to one handler, to be created in the transaction that stores the
/// notification.
struct NewDelivery {
  std::string handler;
  /// Key that keeps an order, such as a coupon: deliveries to a handler with the same key are made
  /// one at a time.
  std::string ordering_key;
  /// True if the process that stores the notification makes this delivery itself. The delivery is
  /// then created with a lease for this replica, unless an earlier delivery with the same handler
  /// and ordering key is still open or a pause holds the delivery back.
  bool leased = false;
};

/// A delivery that was created with a lease for the process that stored its notification, so that
/// this process makes the delivery.
struct LeasedDelivery {
  std::string handler;
  Lease lease;
};

/// Identity of one quarantined body: its row number and its digest. The number alone is not enough:
/// if the row with the highest number is deleted, SQLite gives that number to the next row.
struct SealedKey {
  std::int64_t quarantine_id = 0;
  Digest body_digest{};
};

/// Beginnings of the text in Admission::flaw, which says what is wrong with a notification. The
/// database holds these texts: never change them.
namespace flaw {
/// The ledger fact (issuing, redemption or refund of a coupon) could not be read from the content.
inline constexpr std::string_view kUnreadable = "unreadable: ";
/// The content has an error, but its ledger fact (issuing, redemption or refund of a coupon) could
/// be read.
inline constexpr std::string_view kHarmless = "flaw: ";
}  // namespace flaw

/// A notification to be stored, verified and decrypted, with its ledger fact and its deliveries.
struct Admission {
  std::string mchid;
  std::string id;
  std::string event_type;
  std::string create_time;  ///< create_time of the notification as WeChat Pay wrote it, unchanged
  /// Origin of the notification: "notification" (WeChat Pay's callback) or "reconcile".
  std::string source;
  /// The fields of the notification, without its resource, as a JSON object; may be empty.
  std::string envelope;
  std::string resource;  ///< the decrypted resource of the notification
  /// Text that says what is wrong with the decrypted resource, without quoting it. Begins with one
  /// of the texts in namespace flaw; empty if nothing is wrong.
  std::string flaw;
  /// Digest of the decrypted resource. If a notification with the same id is stored, an equal
  /// digest means a copy, another digest means a conflict.
  Digest digest{};
  std::int64_t received_at_ms = 0;
  std::optional<LedgerFact> fact;
  /// Digest of the openid in the decrypted resource; empty if the resource names no user.
  std::optional<OpenidDigest> openid_digest{};
  std::vector<NewDelivery> deliveries;
  /// The quarantined body that this notification was decrypted from. The body is deleted in the
  /// same transaction.
  std::optional<SealedKey> opened_from;
};

/// A quarantined body as read from the store, with everything that is needed to decrypt it again.
struct SealedRecord {
  SealedKey key;
  std::string mchid;
  std::string headers;
  std::string body;
  std::int64_t received_at_ms = 0;
};

/// A signed request to be stored as received, because its JSON could not be parsed or its resource
/// could not be decrypted.
struct Quarantined {
  std::string mchid;
  std::string reason;      ///< reason for the quarantine: ENVELOPE_INVALID or DECRYPT_FAILED
  std::string detail;      ///< description of the error, without any received content
  std::string id;          ///< id of the notification; empty if the JSON could not be read
  std::string event_type;  ///< event_type of the notification; empty if the JSON could not be read
  std::string headers;     ///< the Wechatpay-* request headers as a JSON object
  std::string body;        ///< the request body as received
  /// Digest of the request body. It is the primary key, so the same bytes are stored only once.
  Digest body_digest{};
  std::int64_t received_at_ms = 0;
};

/// Outcome of a request to the Inbox, which stores notifications. Every outcome but kFailed means
/// that the data is committed.
enum class AdmitOutcome : std::uint8_t {
  kStored,     ///< the notification is new and was stored
  kDuplicate,  ///< the store already had this notification, with the same content
  /// The store already had a notification with this id, but with other content. The first
  /// notification stays valid; the new content is stored as a conflict.
  kConflict,
  kQuarantined,  ///< the request body was stored in the quarantine
  kAlive,        ///< answer to Inbox::probe(): a test row was committed
  kFailed,       ///< nothing of the request was committed to the store
};

/// One attempt at a delivery, as the history of the delivery holds it.
struct AttemptRecord {
  std::int64_t attempt = 0;
  std::int64_t began_at_ms = 0;
  std::int64_t ended_at_ms = 0;
  std::string outcome;  ///< result of the attempt: done, retry, dead, lost or skipped
  std::string error;
};

struct DeliveryRecord {
  std::int64_t delivery_id = 0;
  std::string handler;
  std::string state;  ///< state of the delivery: pending, retrying, done, dead or skipped
  std::int64_t attempts = 0;
  /// Time at which the delivery is to be made; if the delivery is leased, the time at which the
  /// lease ends. Empty if the delivery has ended, is paused, or waits for an earlier delivery of
  /// the same handler and coupon.
  std::optional<std::int64_t> due_at_ms;
  std::string last_error;
  /// True if a replica has a lease on the delivery; the lease may have ended.
  bool leased = false;
  std::string lease_owner;  ///< name of the replica that holds the lease on the delivery
  bool paused = false;
  std::int64_t created_at_ms = 0;
  std::optional<std::int64_t> finished_at_ms;
  // Id, merchant and event type of the delivered notification. They are set only in lists of
  // deliveries and by Reader::delivery().
  std::string notification_id;
  std::string mchid;
  std::string event_type;
  // The latest attempts at this delivery, in order. They are set only if the delivery is read as
  // part of a notification. The list is empty if the first attempt succeeded.
  std::vector<AttemptRecord> history;
};

/// Filter for a list of deliveries. A member that is an empty text or nullopt does not restrict the
/// list.
struct DeliveryFilter {
  std::string handler;
  std::string state;
  std::string event_type;
  std::string mchid;
  std::string error;  ///< text that the last error of the delivery must contain
  /// The list has only deliveries whose notification was received at or after this time.
  std::optional<std::int64_t> since_ms;
  /// The list has only deliveries whose notification was received before this time.
  std::optional<std::int64_t> until_ms;
  std::int64_t limit = 50;
  /// Cursor for the next page of the list, which begins with the newest delivery: the page has only
  /// deliveries with numbers below the cursor.
  std::optional<std::int64_t> before_delivery;
};

struct DeliveryPage {
  std::vector<DeliveryRecord> items;
  std::optional<std::int64_t> next_before_delivery;
};

/// A pause that an operator has set: deliveries that match the pause are not made until it is
/// ended.
struct PauseRecord {
  std::int64_t pause_id = 0;
  std::string handler;  ///< name of the paused handler; empty: all handlers are paused
  /// Event type that is paused, or the beginning of event types followed by *; empty: all types are
  /// paused.
  std::string event_pattern;
  std::string reason;
  std::string created_by;  ///< name of the operator; empty if an older release set the pause
  std::int64_t created_at_ms = 0;
  /// Time at which the pause was ended; not set while the pause is active. After that time the
  /// deliveries that it held back are released in small batches.
  std::optional<std::int64_t> resumed_at_ms;
};

struct NotificationRecord {
  std::int64_t sequence = 0;
  std::string id;
  std::string mchid;
  std::string event_type;
  /// State of the notification: received, done, dead, unreadable or quarantined.
  std::string state;
  std::string create_time;
  std::int64_t received_at_ms = 0;
  std::int64_t last_seen_at_ms = 0;
  std::int64_t times_seen = 0;
  std::int64_t conflicts = 0;  ///< number of notifications with the same id but other content
  std::string source;
  std::string envelope;
  std::string flaw;  ///< text that says what is wrong with the content of the notification
  /// Decrypted resource; empty after its retention time and for quarantined bodies.
  std::string resource;
  std::string quarantine_reason;
  std::string quarantine_detail;
  std::vector<DeliveryRecord> deliveries;
};

/// Filter for a list of notifications. A member that is an empty text or nullopt does not restrict
/// the list.
struct NotificationFilter {
  std::string event_type;
  /// State of the listed notifications: received, done, dead, quarantined or unreadable.
  /// "quarantined" lists the quarantined bodies. "unreadable" lists the notifications whose ledger
  /// fact could not be read, whatever the state of their deliveries.
  std::string state;
  std::string mchid;
  /// The list has only notifications received at or after this time.
  std::optional<std::int64_t> since_ms;
  /// The list has only notifications received before this time.
  std::optional<std::int64_t> until_ms;
  std::int64_t limit = 50;
  /// Cursor for the next page of the list, which begins with the newest notification: the page has
  /// only notifications with numbers below the cursor.
  std::optional<std::int64_t> before_sequence;
  /// True to list each notification with its resource and its deliveries; the page then ends after
  /// about 4 MiB.
  bool whole = false;
};

struct NotificationPage {
  /// The notifications of this page of the list; their deliveries have no history of attempts.
  std::vector<NotificationRecord> items;
  std::optional<std::int64_t> next_before_sequence;
};

/// Number of open deliveries of one handler that is no longer configured, so that nobody makes
/// them.
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

/// Totals of the deliveries of one handler, by state.
struct DeliveryTotals {
  std::int64_t pending = 0;
  std::int64_t retrying = 0;
  std::int64_t dead = 0;
  std::int64_t done = 0;
  std::int64_t skipped = 0;
};

/// Totals of notifications and deliveries in the store. Each transaction updates the totals for the
/// rows that it writes, so reading the totals costs the same however large the store is.
struct StoreCounts {
  std::int64_t stored = 0;
  std::int64_t duplicates = 0;
  std::int64_t conflicts = 0;
  std::int64_t quarantined = 0;  ///< number of bodies ever quarantined since the store was created
  std::int64_t sealed = 0;       ///< number of bodies that are in the quarantine now
  /// Number of stored notifications whose ledger fact could not be read.
  std::int64_t unreadable = 0;
  std::vector<TypeCount> by_type;
  std::optional<std::int64_t> last_received_at_ms;
  std::int64_t deliveries_pending = 0;
  std::int64_t deliveries_retrying = 0;
  std::int64_t deliveries_dead = 0;
  std::int64_t deliveries_done = 0;
  std::int64_t deliveries_skipped = 0;
  /// Totals of the deliveries by handler. They do not include done and skipped deliveries of a
  /// release without these totals.
  std::map<std::string, DeliveryTotals> by_handler;
  std::optional<std::int64_t> oldest_pending_at_ms;
};

}  // namespace couponhook::storage
