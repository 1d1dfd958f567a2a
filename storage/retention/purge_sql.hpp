#pragma once

/// \file
/// SQL statements of retention; both engines run the same text.
///
/// "Open" here means a delivery that is pending, retrying, or dead: an operator may retry a dead
/// one. The data that an open delivery needs is kept however old it is.

#include <span>

#include "storage/connection.hpp"

namespace couponhook::storage::sql {

/// Reads how far a purge task has come. Parameter: task. Result: seq.
extern const Statement kCursor;
/// Records how far a purge task has come. Parameters: task, seq.
extern const Statement kMoveCursor;
/// Takes or extends the lease on a task. Parameters: task, owner, until, now. Result: task; no row
/// if another owner holds the lease.
extern const Statement kTakeLease;
/// Ends the lease on a task. Parameters: task, owner.
extern const Statement kEndLease;

/// Reads the highest number of a notification. Result: seq.
extern const Statement kNewestNotification;
/// Reads when the next notification after a number was received. Parameter: after. Result:
/// received_at.
extern const Statement kNextReceived;
/// Reads the next notifications of a purge. Parameters: after, limit. Result: seq, received_at, 1
/// if it has a payload, number of open deliveries.
extern const Statement kLookAtNotifications;
/// Reads the notifications that were held because of open deliveries. Parameters: after, limit.
/// Result: seq, received_at or NULL if the notification is gone, 1 if it has a payload, number of
/// open deliveries.
extern const Statement kLookAtHeld;
/// Reads the next quarantined bodies of a purge. Parameters: after, limit. Result: seq,
/// received_at.
extern const Statement kLookAtQuarantine;

// Statements with the parameters `after` and `to` act on the notifications numbered after `after`,
// up to and including `to`. Notifications with open deliveries are not changed.

/// Records in retention_held the notifications that have open deliveries. Parameters: after, to.
extern const Statement kHoldOpen;
/// Removes a notification from retention_held, unless it has an open delivery. Parameter:
/// notification.
extern const Statement kLetGo;
/// Locks the deliveries that have ended, so that an operator cannot retry them before the commit.
/// Parameters: after, to. Result: seq.
extern const Statement kLockEnded;
/// Empties envelope and resource of notifications. Parameters: empty bytes, after, to.
extern const Statement kEmptyNotifications;
/// Empties the resource of conflicts. Parameters: empty bytes, after, to.
extern const Statement kEmptyConflicts;
/// Deletes the attempts of deliveries; must run before kDeleteDeliveries. Parameters: after, to
/// (notifications).
extern const Statement kDeleteAttempts;
/// Deletes deliveries. Parameters: after, to (notifications).
extern const Statement kDeleteDeliveries;
/// Deletes notifications that have a flaw; must run before kDeleteNotifications, so that the total
/// of unreadable notifications can be corrected. Parameters: after, to. Result: flaw.
extern const Statement kDeleteFlawed;
/// Deletes notifications that have no delivery left. Parameters: after, to.
extern const Statement kDeleteNotifications;
/// Deletes the conflicts of notifications that are gone. Parameters: after, to.
extern const Statement kDeleteConflicts;
/// Deletes old quarantined bodies. Parameters: to (a seq), before (a time). Result: seq.
extern const Statement kDeleteQuarantine;

// Clock check: evidence that the clock is right (purge_clock.hpp).

/// Reads the times of the newest notifications from one source. Parameter: source. Result:
/// received_at, last_seen_at.
extern const Statement kNewestSeen;
/// Reads the times of the newest quarantined bodies. Result: received_at, last_seen_at.
extern const Statement kNewestSealed;
/// Reads the clock mark of a boot. Parameter: boot. Result: wall_at, steady_at.
extern const Statement kClockMark;
/// Writes the clock mark of a boot. Parameters: boot, wall_at, steady_at.
extern const Statement kMarkClock;
/// Deletes the clock marks of boots that ended long ago. Parameter: before.
extern const Statement kDeleteClockMarks;

// A ledger fact carries the time at which it happened, not the time at which it arrived. So the row
// numbers that the ledger has reached are recorded once a day, as a mark.

/// Reads the time of the newest ledger mark. Result: marked_at.
extern const Statement kNewestLedgerMark;
/// Writes a ledger mark. Parameter: now.
extern const Statement kMarkLedger;
/// Reads the last ledger mark before a time. Parameter: before. Result: coupon_history, refunds,
/// the row numbers that the two tables had reached.
extern const Statement kLedgerMarkBefore;
/// Deletes ledger marks before a time, but not the last of them. Parameter: before.
extern const Statement kDeleteLedgerMarks;
/// Reads the next coupon facts of a purge, never the newest row. Parameters: after, to, limit.
/// Result: seq.
extern const Statement kLookAtCouponFacts;
/// Reads the next refunds of a purge, never the newest row. Parameters: after, to, limit. Result:
/// seq.
extern const Statement kLookAtRefunds;
/// Deletes coupon facts. Parameters: after, to.
extern const Statement kDeleteCouponFacts;
/// Deletes refunds. Parameters: after, to.
extern const Statement kDeleteRefunds;

/// \return all statements of this file, for tests of their query plans.
[[nodiscard]] std::span<const Statement* const> purge_statements();

}  // namespace couponhook::storage::sql
