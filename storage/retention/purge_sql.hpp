#pragma once

/// \file
/// The statements of retention, in the words of every engine (see sql.hpp).
///
/// "Open" is a delivery that is not done: pending, retrying, or dead, which an operator may put
/// back. What it needs is kept however old it is.

#include <span>

#include "storage/connection.hpp"

namespace couponhook::storage::sql {

/// task -> seq
extern const Statement kCursor;
/// task, seq
extern const Statement kMoveCursor;
/// name, owner, until, now -> name, where it is the owner's now
extern const Statement kTakeLease;
/// name, owner
extern const Statement kEndLease;

/// -> seq
extern const Statement kNewestNotification;
/// after -> received_at of the next
extern const Statement kNextReceived;
/// after, limit -> seq, received_at, whether it has a payload, open deliveries
extern const Statement kLookAtNotifications;
/// after, limit -> seq, received_at or NULL where it is gone, payload, open deliveries
extern const Statement kLookAtHeld;
/// after, limit -> seq, received_at
extern const Statement kLookAtQuarantine;

// Each takes those after the first parameter up to and with the second; the open ones stay.

/// after, to: remembers which of them have open deliveries
extern const Statement kHoldOpen;
/// notification; not where it has an open delivery
extern const Statement kLetGo;
/// after, to: keeps their deliveries that have ended from being retried before the transaction ends
extern const Statement kLockEnded;
/// nothing (no bytes), after, to
extern const Statement kEmptyNotifications;
extern const Statement kEmptyConflicts;
/// after, to: in this order
extern const Statement kDeleteAttempts;
extern const Statement kDeleteDeliveries;
/// -> flaw; before the others, so that their total follows
extern const Statement kDeleteFlawed;
extern const Statement kDeleteNotifications;
extern const Statement kDeleteConflicts;
/// to, before -> seq
extern const Statement kDeleteQuarantine;

// How far the clock can be believed (purge_clock.hpp).

/// source -> received_at, last_seen_at of the newest that came from there
extern const Statement kNewestSeen;
/// -> received_at, last_seen_at of the newest in quarantine
extern const Statement kNewestSealed;
/// boot -> wall_at, steady_at
extern const Statement kClockMark;
/// boot, wall_at, steady_at
extern const Statement kMarkClock;
/// before: marks of machines that have not come back
extern const Statement kDeleteClockMarks;

// Facts of the ledger carry the time at which they happened, not that at which they came. So the
// numbers that they had reached are written down once a day.

/// -> marked_at
extern const Statement kNewestLedgerMark;
/// now
extern const Statement kMarkLedger;
/// before -> coupon_history, refunds: the numbers reached at the last mark before it
extern const Statement kLedgerMarkBefore;
/// before
extern const Statement kDeleteLedgerMarks;
/// after, to, limit -> seq; never the newest
extern const Statement kLookAtCouponFacts;
extern const Statement kLookAtRefunds;
/// after, to
extern const Statement kDeleteCouponFacts;
extern const Statement kDeleteRefunds;

/// All of the above, for tests of their plans.
[[nodiscard]] std::span<const Statement* const> purge_statements();

}  // namespace couponhook::storage::sql
