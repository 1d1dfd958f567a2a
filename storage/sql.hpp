#pragma once

/// \file
/// Every SQL statement of the store; both engines run the same text.
///
/// Parameters are numbered in order of first appearance. An optional filter is a parameter that
/// matches everything (an empty text, the earliest or latest time) and not NULL, because an engine
/// cannot infer the type of NULL. Times are milliseconds since the Unix epoch.

#include <span>

#include "storage/connection.hpp"

namespace couponhook::storage::sql {

// Admission. A unique index decides whether a row is new: the INSERT returns a row only if it is.

/// Inserts a notification unless its key exists. Parameters: id, mchid, event_type, create_time,
/// received_at, source, digest, envelope, resource, flaw or NULL. Result: seq; no row if the key
/// exists.
extern const Statement kInsertNotification;
/// Counts one more copy of a notification. Parameters: received_at, id, mchid.
extern const Statement kCountCopy;
/// Reads the stored notification that a copy belongs to. Parameters: id, mchid. Result: seq,
/// digest.
extern const Statement kFirstOfCopy;
/// Inserts a copy with other content. Parameters: notification, digest, resource, received_at.
/// Result: notification; no row if this content was stored before.
extern const Statement kInsertConflict;
/// Inserts a quarantined body, or counts one more copy of it. Parameters: body_digest, mchid,
/// reason, detail, id, event_type, headers, body, received_at. Result: times_seen.
extern const Statement kKeepQuarantined;
/// Inserts a fact of one coupon unless it exists. Parameters: stock_id, coupon, kind, business_key,
/// transaction_id, occurred_at, mchid, notification_id, source.
extern const Statement kInsertCouponFact;
/// Inserts a refund unless it exists. Parameters: transaction_id, business_key, occurred_at, mchid,
/// notification_id, source.
extern const Statement kInsertRefund;
/// Reads which notification a coupon's fact was stored for. Parameters: stock_id, coupon, kind,
/// business_key. Result: notification_id, mchid, source.
extern const Statement kOriginOfCouponFact;
/// Reads which notification a refund was stored for. Parameters: transaction_id, business_key.
/// Result: notification_id, mchid, source.
extern const Statement kOriginOfRefund;
/// Inserts a delivery without a lease, due at once. Parameters: notification, handler, received_at,
/// lane, ordering_key.
extern const Statement kInsertDelivery;
/// Adds to a total. Parameters: name, slot, delta.
extern const Statement kAddToCounter;
/// Lists the totals of one slot. Parameter: slot. Result: name.
extern const Statement kCounterNames;
/// Writes the row of a probe, which shows that a commit is possible. Parameters: slot, now, padding
/// (bytes).
extern const Statement kBeat;

// Deliveries. The cost of each statement does not grow with the number of open or finished
// deliveries.

/// Inserts a delivery with a lease. Parameters: notification, handler, lease end, received_at,
/// lane, ordering_key, owner, begun_at. Result: seq.
extern const Statement kInsertLeasedDelivery;
/// Reads the oldest open delivery of a lane. Parameter: lane. Result: seq, lane.
extern const Statement kFirstInLane;
/// Lists the pauses. Result: seq, handler, event_pattern, reason, created_at, resumed_at or NULL,
/// created_by.
extern const Statement kPauses;
/// Makes deliveries due that a pause held back. Parameters: due_at, pause, limit.
extern const Statement kUnpark;
/// Deletes a pause that holds back no delivery. Parameter: pause.
extern const Statement kDropPause;
/// Reads due deliveries of a handler and locks them. Parameters: handler, now, limit. Result:
/// columns of a candidate (COUPONHOOK_CANDIDATE_COLUMNS).
extern const Statement kDueDeliveries;
/// Reads the deliveries of one notification and locks them. Parameters: id, mchid. Result: columns
/// of a candidate (COUPONHOOK_CANDIDATE_COLUMNS), event_type.
extern const Statement kDeliveriesToClaim;
/// Reads the content of a notification. Parameter: seq. Result: id, mchid, event_type, create_time,
/// source, resource.
extern const Statement kContent;
/// Checks and locks an open delivery. Parameter: seq. Result: seq; no row if the delivery has
/// ended, or if another transaction has locked it.
extern const Statement kStillOpen;
/// Removes the due time of a delivery that must wait for a pause or for its lane. Parameters: pause
/// or NULL, seq.
extern const Statement kPark;
/// Leases a delivery and raises its fence. Parameters: owner, lease end, begun_at or NULL, 1 if an
/// attempt begins now and 0 if not, seq.
extern const Statement kTake;
/// Leases a delivery only to report that its last attempt was lost. Parameters: owner, lease end,
/// seq.
extern const Statement kInherit;
/// Reads and locks a leased delivery. Parameters: seq, fence. Result: state, lane, attempts; no row
/// if the lease was taken over.
extern const Statement kHeldDelivery;
/// Writes the result of an attempt and ends the lease. Parameters: state, due_at or NULL,
/// finished_at or NULL, error, seq.
extern const Statement kReport;
/// Makes the oldest open delivery of a lane due, unless a pause holds it back. Parameters: due_at,
/// lane.
extern const Statement kPromote;
/// Writes one attempt into the history of a delivery. Parameters: delivery, slot, attempt,
/// began_at, ended_at, outcome, error.
extern const Statement kRecordAttempt;
/// Extends a lease. Parameters: lease end, seq, fence. Result: seq; no row if the lease was taken
/// over.
extern const Statement kRenew;
/// Ends a lease without a result; an attempt that had begun is not counted. Parameters: due_at,
/// seq, fence.
extern const Statement kGiveBack;
/// Counts the attempt of a leased delivery, unless it is counted already. Parameters: begun_at,
/// seq, fence. Result: seq; no row if the lease was taken over.
extern const Statement kBegin;
/// Undoes kBegin for a delivery that must wait longer. Parameters: seq, fence.
extern const Statement kPostpone;
/// Reads the earliest due time of a handler's deliveries. Parameter: handler. Result: due_at.
extern const Statement kNextDue;
/// Reads and locks a delivery that an operator wants to change. Parameter: seq. Result: state,
/// lane, attempts, lease_owner or NULL, due_at or NULL, 0 if retention has emptied its notification
/// and 1 if not.
extern const Statement kDeliveryToChange;
/// Makes a delivery due as a new round of attempts. Parameters: state, due_at, seq.
extern const Statement kRetryNow;
/// Reads and locks a delivery that an operator wants to move. Parameter: seq. Result: the columns
/// of kDeliveryToChange, then notification, handler, ordering_key.
extern const Statement kDeliveryToMove;
/// Locks the row of a notification. Parameter: seq. Result: seq.
extern const Statement kLockNotification;
/// Finds the delivery of a notification to a handler. Parameters: notification, handler. Result:
/// seq.
extern const Statement kDeliveryTo;
/// Gives a delivery to another handler. Parameters: handler, lane, state, due_at, seq.
extern const Statement kMove;
/// Drops a delivery. Parameters: finished_at, reason, seq.
extern const Statement kSkip;
/// Inserts a pause. Parameters: handler, event_pattern, reason, now, created_by.
extern const Statement kInsertPause;
/// Ends a pause. Parameters: now, pause.
extern const Statement kResume;

// Status. Lists have a limit. Apart from the two corrections of totals, the cost of each statement
// does not grow with the store.

/// Reads all totals. Result: name, total.
extern const Statement kTotals;
/// Counts the sealed bodies. Parameter: limit. Result: their number, at most the limit.
extern const Statement kCountSealed;
/// Counts the unreadable notifications among those that have a flaw. Parameter: limit, the number
/// of rows to look at. Result: their number.
extern const Statement kCountUnreadable;
/// Corrects the total of sealed bodies to the number of rows, also while other transactions count.
/// Parameters: name, slot.
extern const Statement kCorrectSealed;
/// Corrects the total of unreadable notifications in the same way. Parameters: name, slot.
extern const Statement kCorrectUnreadable;
/// Reads when the newest notification was received. Result: received_at.
extern const Statement kLastReceived;
/// Reads the creation times of the oldest pending and the oldest retrying delivery. Result:
/// created_at, in up to two rows.
extern const Statement kOldestOpenDelivery;
/// Reads a notification. Parameters: id, mchid or empty. Result: columns of a notification
/// (COUPONHOOK_NOTIFICATION_COLUMNS), resource.
extern const Statement kNotificationById;
/// Reads the resource of a notification. Parameter: seq. Result: resource.
extern const Statement kResourceOf;
/// Reads the deliveries of a notification. Parameter: notification. Result: columns of a listed
/// delivery (COUPONHOOK_LISTED_COLUMNS), without those of the notification.
extern const Statement kDeliveriesOf;
/// Reads a delivery. Parameter: seq. Result: columns of a listed delivery
/// (COUPONHOOK_LISTED_COLUMNS).
extern const Statement kDeliveryById;
/// Reads the attempts at all deliveries of a notification. Parameter: notification. Result:
/// delivery, attempt, began_at, ended_at, outcome, error; the latest attempt last.
extern const Statement kAttemptsOf;
/// Finds the oldest delivery that one page may look at. Parameters: before (a seq), number of rows
/// to skip. Result: seq.
extern const Statement kDeliveryFloor;
/// Lists deliveries. Parameters: before, floor, state, handler, event_type, mchid, error, since,
/// until, limit. Result: columns of a listed delivery (COUPONHOOK_LISTED_COLUMNS).
extern const Statement kListDeliveries;
/// Finds the oldest delivery in a state that one page may look at. Parameters: state, before (a
/// seq), number of rows to skip. Result: seq.
extern const Statement kUndoneFloor;
/// Lists deliveries in one state, but not "done", which its index does not hold. Parameters: state,
/// before, floor, handler, event_type, mchid, error, since, until, limit. Result: columns of a
/// listed delivery (COUPONHOOK_LISTED_COLUMNS).
extern const Statement kListUndone;
/// Finds the next handler, by name, that has deliveries with a due time. Parameter: after (a name).
/// Result: handler.
extern const Statement kNextDueHandler;
/// Lists the handlers of the first deliveries that pauses hold back. Parameter: limit, the number
/// of deliveries. Result: handler.
extern const Statement kParkedHandlers;
/// Counts the open deliveries of a handler. Parameters: handler, limit (the number of lanes to look
/// at). Result: their number.
extern const Statement kOpenOfHandler;
/// Finds the oldest notification that one page may look at. Parameters: before (a seq), number of
/// rows to skip. Result: seq.
extern const Statement kNotificationFloor;
/// Lists notifications. Parameters: before, floor, event_type, state, mchid, since, until, limit.
/// Result: columns of a notification (COUPONHOOK_NOTIFICATION_COLUMNS).
extern const Statement kListNotifications;
/// Finds the oldest notification with a flaw that one page may look at. Parameters: before (a seq),
/// number of rows to skip. Result: seq.
extern const Statement kFlawFloor;
/// Lists unreadable notifications. Parameters: before, floor, event_type, mchid, since, until,
/// limit. Result: columns of a notification (COUPONHOOK_NOTIFICATION_COLUMNS).
extern const Statement kListUnreadable;
/// Finds the newest quarantined body of a notification. Parameters: id, mchid or empty. Result:
/// columns of a quarantined body (COUPONHOOK_QUARANTINE_COLUMNS).
extern const Statement kQuarantinedById;
/// Reads a quarantined body. Parameter: seq. Result: mchid, headers, body, received_at,
/// body_digest.
extern const Statement kSealedById;
/// Deletes a quarantined body. Parameters: seq, body_digest. Result: seq; no row if the body was
/// gone already.
extern const Statement kLeaveQuarantine;
/// Reads and locks a notification whose fact is to be read again. Parameters: id, mchid. Result:
/// seq, flaw or NULL, received_at.
extern const Statement kNotificationToRead;
/// Writes the flaw of a notification. Parameters: flaw or NULL, seq.
extern const Statement kNoteFlaw;
/// Finds the oldest quarantined body that one page may look at. Parameters: before (a seq), number
/// of rows to skip. Result: seq.
extern const Statement kQuarantineFloor;
/// Lists quarantined bodies. Parameters: before, floor, event_type, mchid, since, until, limit.
/// Result: columns of a quarantined body (COUPONHOOK_QUARANTINE_COLUMNS).
extern const Statement kListQuarantine;
/// Reads the facts of a coupon and the refunds of its transactions. Parameters: stock_id, coupon.
/// Result: kind, stock_id, coupon, transaction_id, business_key, occurred_at, mchid,
/// notification_id, source.
extern const Statement kCouponFacts;
/// Reads the facts of a coupon without refunds. Parameters: stock_id, coupon. Result: kind,
/// stock_id, coupon, transaction_id, business_key, occurred_at.
extern const Statement kOwnCouponFacts;
/// Reads one page of the facts of a stock. Parameters: stock_id, kind, after coupon, after
/// business_key, limit. Result: the columns of kOwnCouponFacts.
extern const Statement kStockFacts;
/// Reads the refunds of a transaction. Parameter: transaction_id. Result: the columns of
/// kOwnCouponFacts.
extern const Statement kRefundsOf;

// Schema version.

/// Reads the newest migration. Result: version, works_with.
extern const Statement kSchemaVersion;
/// Records a migration. Parameters: version, applied_at, works_with.
extern const Statement kRecordMigration;

/// \return all statements of this file, for tests of their query plans.
[[nodiscard]] std::span<const Statement* const> all();

}  // namespace couponhook::storage::sql
