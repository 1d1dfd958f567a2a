#pragma once

/// \file
/// What goes into the store and comes out of it. Times are milliseconds since the Unix epoch.

#include <array>
#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace couponhook::storage {

using Digest = std::array<unsigned char, 32>;

/// One fact of the ledger. An entry with a coupon belongs to that coupon; one without (a refund)
/// belongs to every coupon that has an entry with its transaction, whichever arrives first.
struct LedgerFact {
  std::string kind;  ///< issue, redeem or refund
  std::string stock_id;
  std::string coupon;          ///< empty for refunds
  std::string transaction_id;  ///< empty for issues
  std::string business_key;    ///< unique together with kind and coupon: a fact is kept once
  std::string occurred_at;     ///< text, as the sender wrote it
};

/// The right to make a delivery now: of this replica alone, until the lease ends. Whoever takes a
/// delivery over raises its fence, and what is reported under an older one changes nothing.
struct Lease {
  std::int64_t delivery_id = 0;
  std::int64_t fence = 0;
};

/// Whose leases are, and for how long.
struct LeaseTerms {
  /// Another name for each replica that lives, so that rows and messages tell them apart. What
  /// decides is the fence.
  std::string owner = "this";
  /// How long a delivery stays with whoever took it. Renew at a third of it. Twice this is how long
  /// the work of a replica that was killed may lie.
  std::chrono::milliseconds lease{10'000};
};

/// A delivery to be made after the commit.
struct NewDelivery {
  std::string handler;
  std::string ordering_key;  ///< deliveries with one key go one at a time, in order
  /// Whether whoever hands it in makes it: it comes into the world leased to this replica, unless
  /// an earlier one of its key is still open, or it is paused.
  bool leased = false;
};

/// A delivery that came into the world leased, for whoever handed in its admission.
struct BornLeased {
  std::string handler;
  Lease lease;
};

/// One quarantined body. Its number alone does not tell which: SQLite gives the number of the last
/// row, once that is gone, to the next one.
struct SealedKey {
  std::int64_t quarantine_id = 0;
  Digest body_digest{};
};

/// How Admission::flaw begins. Stored: never change them.
namespace flaw {
inline constexpr std::string_view kUnreadable = "unreadable: ";  ///< the fact could not be read
inline constexpr std::string_view kHarmless = "flaw: ";          ///< it could all the same
}  // namespace flaw

/// A verified and decrypted notification, to be kept with all that follows from it.
struct Admission {
  std::string mchid;
  std::string id;
  std::string event_type;
  std::string create_time;  ///< text, as sent
  std::string source;       ///< notification, or reconcile
  std::string envelope;     ///< the rest of the envelope as a JSON object; may be empty
  std::string resource;     ///< decrypted
  /// What is wrong with the resource, in words without content, behind one of flaw's beginnings;
  /// empty where nothing is.
  std::string flaw;
  Digest digest{};  ///< of the decrypted resource: tells a copy from a conflict
  std::int64_t received_at_ms = 0;
  std::optional<LedgerFact> fact;
  std::vector<NewDelivery> deliveries;
  /// The quarantined body that it was opened from, to be removed in the same transaction.
  std::optional<SealedKey> opened_from;
};

/// A quarantined body with all that it takes to try again.
struct SealedRecord {
  SealedKey key;
  std::string mchid;
  std::string headers;
  std::string body;
  std::int64_t received_at_ms = 0;
};

/// A signed request that could not be understood or opened, kept sealed.
struct Quarantined {
  std::string mchid;
  std::string reason;      ///< ENVELOPE_INVALID or DECRYPT_FAILED
  std::string detail;      ///< in words, without content
  std::string id;          ///< empty where the envelope could not be read
  std::string event_type;  ///< likewise
  std::string headers;     ///< the Wechatpay-* headers as a JSON object
  std::string body;        ///< as received
  Digest body_digest{};    ///< its key: the same bytes are kept once
  std::int64_t received_at_ms = 0;
};

/// What became of something that was handed to the Inbox. Everything but kFailed is committed.
enum class AdmitOutcome : std::uint8_t {
  kStored,       ///< new
  kDuplicate,    ///< kept before, with the same content
  kConflict,     ///< an id kept before came with other content: the first stands, this one is kept
                 ///< aside
  kQuarantined,  ///< kept sealed
  kAlive,        ///< answer to Inbox::probe(): a row was committed
  kFailed,       ///< nothing was committed
};

// What the status endpoint reads.

/// One attempt at a delivery, as its history has it.
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
  /// When it is to be made, or when its lease ends; nothing where it has ended or waits for
  /// another.
  std::optional<std::int64_t> due_at_ms;
  std::string last_error;
  bool leased = false;      ///< somebody makes it, or did when its lease was taken
  std::string lease_owner;  ///< who
  bool paused = false;
  std::int64_t created_at_ms = 0;
  std::optional<std::int64_t> finished_at_ms;
  // In lists of deliveries only:
  std::string notification_id;
  std::string mchid;
  std::string event_type;
  // In a notification only: the latest, in order. None where the first attempt did it.
  std::vector<AttemptRecord> history;
};

/// Which deliveries to list. Empty text and nullopt do not restrict.
struct DeliveryFilter {
  std::string handler;
  std::string state;
  std::string event_type;
  std::string mchid;
  std::string error;                     ///< part of the last error
  std::optional<std::int64_t> since_ms;  ///< of notifications received at or after
  std::optional<std::int64_t> until_ms;  ///< and before
  std::int64_t limit = 50;
  std::optional<std::int64_t> before_delivery;  ///< the cursor: newest first, strictly below
};

struct DeliveryPage {
  std::vector<DeliveryRecord> items;
  std::optional<std::int64_t> next_before_delivery;
};

/// What an operator has told not to be delivered for now.
struct PauseRecord {
  std::int64_t pause_id = 0;
  std::string handler;        ///< empty: any
  std::string event_pattern;  ///< an event type, or its beginning followed by *; empty: any
  std::string reason;
  std::string created_by;  ///< empty: before it was recorded
  std::int64_t created_at_ms = 0;
  /// Set once it is over; what it held back is then let go bit by bit.
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
  std::int64_t conflicts = 0;  ///< copies with other content
  std::string source;
  std::string envelope;
  std::string flaw;      ///< as in Admission
  std::string resource;  ///< empty once its retention has passed, and for quarantined ones
  std::string quarantine_reason;
  std::string quarantine_detail;
  std::vector<DeliveryRecord> deliveries;
};

/// Which notifications to list. Empty text and nullopt do not restrict.
struct NotificationFilter {
  std::string event_type;
  /// received, done, dead; quarantined lists the quarantine, unreadable all whose fact could not be
  /// read, whatever became of their deliveries.
  std::string state;
  std::string mchid;
  std::optional<std::int64_t> since_ms;  ///< received at or after
  std::optional<std::int64_t> until_ms;  ///< received before
  std::int64_t limit = 50;
  std::optional<std::int64_t> before_sequence;  ///< the cursor: newest first, strictly below
  /// With resource and deliveries, and as many as a page of some megabytes holds.
  bool whole = false;
};

struct NotificationPage {
  std::vector<NotificationRecord> items;  ///< without the history of attempts
  std::optional<std::int64_t> next_before_sequence;
};

/// Open deliveries to one handler.
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

/// Totals kept by the writer in the transactions they count, so that reading them costs the same
/// whatever the store holds.
struct StoreCounts {
  std::int64_t stored = 0;
  std::int64_t duplicates = 0;
  std::int64_t conflicts = 0;
  std::int64_t quarantined = 0;  ///< ever
  std::int64_t sealed = 0;       ///< of these, still in quarantine
  std::int64_t unreadable = 0;   ///< kept, without a fact that could be read
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
