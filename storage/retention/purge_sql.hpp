#pragma once

/// \file SQL statements that remove old data (retention); SQLite and PostgreSQL run the same text.
///
/// An open delivery, in this file, is a delivery that is pending, retrying, or dead, because an
/// operator may retry a dead delivery. The data that an open delivery needs is kept however old it
/// is. "seq" is the number of a row in order of arrival.

#include <cstdint>
#include <span>

#include "storage/connection.hpp"
#include "storage/query.hpp"

namespace couponhook::storage {

/// A notification that a purge looks at.
struct PurgeCandidate {
  std::int64_t sequence = 0;
  std::int64_t received_at_ms = 0;  ///< 0 if the notification is gone
  bool has_payload = false;
  bool is_open = false;  ///< true if the notification has an open delivery
};

/// Times at which a request was received first and last.
struct SeenTimes {
  std::int64_t received_at_ms = 0;
  std::int64_t last_seen_at_ms = 0;
};

/// A row of the quarantine or of the audit log that a purge looks at.
struct RowTime {
  std::int64_t sequence = 0;
  std::int64_t time_ms = 0;  ///< when the body was received, or the action recorded
};

/// Wall clock and steady clock at one moment.
struct ClockMark {
  std::int64_t wall_ms = 0;
  std::int64_t steady_ms = 0;
};

/// Highest row numbers of the ledger's tables at one moment.
struct LedgerMark {
  std::int64_t coupon_history = 0;
  std::int64_t refunds = 0;
};

}  // namespace couponhook::storage

namespace couponhook::storage::sql {

/// Reads which row a purge task has handled last. Parameter: task (name). Result: seq (row number).
extern const Statement kCursor;
/// Records which row a purge task has handled last. Parameters: task (name), row number.
extern const Statement kMoveCursor;
/// Takes or extends the lease on a periodic task. Parameters: task, owner, until (end of the
/// lease), now. Result: task; no row if another owner holds the lease.
extern const Statement kTakeLease;
/// Ends the lease on a periodic task. Parameters: task, owner.
extern const Statement kEndLease;

/// Reads the number of the newest notification. Result: seq (row number).
extern const Statement kNewestNotification;
/// Reads when the next notification after a given one was received. Parameter: after (its row
/// number). Result: received_at.
extern const Statement kNextReceived;
/// Reads the next notifications that a purge looks at. Parameters: after (a seq), limit.
extern const Query<PurgeCandidate> kScanNotifications;
/// Reads old notifications that earlier purges left unchanged because of open deliveries.
/// Parameters: after (a seq), limit.
extern const Query<PurgeCandidate> kScanHeld;
/// Reads the next quarantined bodies that a purge looks at. Parameters: after (a seq), limit.
extern const Query<RowTime> kScanQuarantine;

// The SQL statements with the parameters `after` and `to` act on the notifications whose row
// numbers are above `after` and at most `to`. Notifications with open deliveries are not changed.

/// Records in the table retention_held which notifications have open deliveries. Parameters: after,
/// to (range of notification numbers).
extern const Statement kHoldOpen;
/// Removes a notification from the table retention_held, unless it has an open delivery. Parameter:
/// notification (its row number).
extern const Statement kReleaseHeld;
/// Locks the rows of deliveries that have ended, so that an operator cannot retry them before the
/// commit. Parameters: after, to (range of notification numbers). Result: seq (row number).
extern const Statement kLockEnded;
/// Removes the content (envelope and resource) of notifications, but not their rows. Parameters:
/// empty bytes, after, to (range of notification numbers).
extern const Statement kEmptyNotifications;
/// Removes the content of conflicts (notifications whose id was stored before with other content),
/// but not their rows. Parameters: empty bytes, after, to (range of notification numbers).
extern const Statement kEmptyConflicts;
/// Deletes the recorded attempts of deliveries; must run before kDeleteDeliveries. Parameters:
/// after, to (range of notification numbers).
extern const Statement kDeleteAttempts;
/// Deletes the deliveries of notifications that have no open delivery. Parameters: after, to (range
/// of notification numbers).
extern const Statement kDeleteDeliveries;
/// Deletes notifications that have a flaw (an error in their content); must run before
/// kDeleteNotifications, so that the total of unreadable notifications can be corrected.
/// Parameters: after, to (range of notification numbers). Result: flaw.
extern const Statement kDeleteFlawed;
/// Deletes notifications that have no delivery left. Parameters: after, to (range of notification
/// numbers).
extern const Statement kDeleteNotifications;
/// Deletes the conflicts of notifications that were deleted. Parameters: after, to (range of
/// notification numbers).
extern const Statement kDeleteConflicts;
/// Deletes the digests of openids of notifications that were deleted. Parameters: after, to (range
/// of notification numbers).
extern const Statement kDeleteOpenids;
/// Deletes the history of the counters before a time. Parameters: step_s (length of a step), before
/// (seconds since the Unix epoch).
extern const Statement kDeleteHistory;
/// Deletes old quarantined bodies. Parameters: to (highest row number), before (time of reception).
/// Result: seq (row number).
extern const Statement kDeleteQuarantine;

// The SQL statements below are for the clock check, which looks for evidence that the wall clock is
// right (purge_clock.hpp).

/// Reads the times of reception of the newest notifications from one source. Parameter: source
/// (callback or reconciliation).
extern const Query<SeenTimes> kNewestSeen;
/// Reads the times of reception of the newest quarantined bodies.
extern const Query<SeenTimes> kNewestSealed;
/// Reads the clock mark (wall clock and steady clock at one moment) of one start of the machine.
/// Parameter: boot (id of the start).
extern const Query<ClockMark> kClockMark;
/// Writes the clock mark (wall clock and steady clock at one moment) of one start of the machine.
/// Parameters: boot (id of the start), wall_at, steady_at.
extern const Statement kMarkClock;
/// Deletes the clock marks of machine starts that are long ago. Parameter: before (time).
extern const Statement kDeleteClockMarks;

// A ledger fact carries the time at which it happened, not the time at which it was stored. So the
// highest row numbers of the ledger tables are recorded once a day, as a ledger mark.

/// Reads the time of the newest ledger mark (daily record of the highest row numbers of the
/// ledger). Result: marked_at.
extern const Statement kNewestLedgerMark;
/// Writes a ledger mark (daily record of the highest row numbers of the ledger). Parameter: now.
extern const Statement kMarkLedger;
/// Reads the last ledger mark before a time. Parameter: before (time).
extern const Query<LedgerMark> kLedgerMarkBefore;
/// Deletes ledger marks before a time, except for the last one of them. Parameter: before (time).
extern const Statement kDeleteLedgerMarks;
/// Reads the next ledger facts of coupons that a purge deletes, but never the newest row of the
/// table. Parameters: after, to (range of row numbers), limit. Result: seq (row number).
extern const Statement kScanCouponFacts;
/// Reads the next refunds that a purge deletes from the ledger, but never the newest row of the
/// table. Parameters: after, to (range of row numbers), limit. Result: seq (row number).
extern const Statement kScanRefunds;
/// Deletes ledger facts of coupons (issued or redeemed). Parameters: after, to (range of row
/// numbers).
extern const Statement kDeleteCouponFacts;
/// Deletes refunds from the ledger. Parameters: after, to (range of row numbers).
extern const Statement kDeleteRefunds;
/// Deletes the shares of coupons in refunds that a purge has deleted, also those that a release
/// without this table has left behind. Parameter: to (highest row number of a deleted refund).
extern const Statement kDeleteRefundShares;

/// Reads the next rows of the audit log that a purge looks at, but never the newest row, so that
/// SQLite does not use its number again. Parameters: after (a seq), limit.
extern const Query<RowTime> kScanAudit;
/// Deletes rows of the audit log. Parameters: after, to (range of row numbers).
extern const Statement kDeleteAudit;

/// \return all SQL statements of this file. Tests check their query plans.
[[nodiscard]] std::span<const Statement* const> purge_statements();

}  // namespace couponhook::storage::sql
