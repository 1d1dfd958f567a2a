#pragma once

/// \file
/// Every statement the store runs, in the words of every engine.
///
/// Parameters are numbered in order of first appearance. Optional filters are parameters that match
/// everything (an empty text, the widest time) rather than NULLs, whose type an engine cannot
/// infer.

#include <span>

#include "storage/connection.hpp"

namespace couponhook::storage::sql {

// Admission. A unique index decides what is new: a statement gives a row where it kept one.

/// id, mchid, event_type, create_time, received_at, source, digest, envelope, resource, flaw or
/// NULL
/// -> seq
extern const Statement kInsertNotification;
/// received_at, id, mchid
extern const Statement kCountCopy;
/// id, mchid -> seq, digest
extern const Statement kFirstOfCopy;
/// notification, digest, resource, received_at -> notification
extern const Statement kInsertConflict;
/// body_digest, mchid, reason, detail, id, event_type, headers, body, received_at -> times_seen
extern const Statement kKeepQuarantined;
/// stock_id, coupon, kind, business_key, transaction_id, occurred_at, mchid, notification_id,
/// source
extern const Statement kInsertCouponFact;
/// transaction_id, business_key, occurred_at, mchid, notification_id, source
extern const Statement kInsertRefund;
/// stock_id, coupon, kind, business_key -> notification_id, mchid, source
extern const Statement kOriginOfCouponFact;
/// transaction_id, business_key -> notification_id, mchid, source
extern const Statement kOriginOfRefund;
/// notification, handler, received_at, lane, ordering_key
extern const Statement kInsertDelivery;
/// name, slot, delta
extern const Statement kAddToCounter;
/// slot -> name
extern const Statement kCounterNames;
/// slot, now
extern const Statement kBeat;

// Deliveries. None of these grows with what is open, waits or was done.

/// notification, handler, lease end, received_at, lane, ordering_key, owner -> seq
extern const Statement kInsertLeasedDelivery;
/// lane -> seq, lane of the first that is open
extern const Statement kFirstInLane;
/// -> seq, handler, event_pattern, reason, created_at, resumed_at or NULL, created_by
extern const Statement kPauses;
/// due_at, pause, limit
extern const Statement kUnpark;
/// pause
extern const Statement kDropPause;
/// handler, now, limit -> candidate columns
extern const Statement kDueDeliveries;
/// id, mchid -> candidate columns, event_type
extern const Statement kDeliveriesToClaim;
/// seq -> id, mchid, event_type, create_time, source, resource
extern const Statement kContent;
/// seq -> seq; nothing where it has ended, or is in other hands at this moment
extern const Statement kStillOpen;
/// pause or NULL, seq
extern const Statement kPark;
/// owner, lease end, seq
extern const Statement kTake;
/// owner, lease end, seq; to report an attempt rather than to make one
extern const Statement kInherit;
/// seq, fence -> state, lane, attempts
extern const Statement kHeldDelivery;
/// state, due_at or NULL, finished_at or NULL, error, seq
extern const Statement kReport;
/// due_at, lane
extern const Statement kPromote;
/// delivery, slot, attempt, began_at, ended_at, outcome, error
extern const Statement kRecordAttempt;
/// lease end, seq, fence -> seq
extern const Statement kRenew;
/// due_at, seq, fence
extern const Statement kGiveBack;
extern const Statement kBegin;
extern const Statement kPostpone;
/// handler -> due_at
extern const Statement kNextDue;
/// seq -> state, lane, attempts, lease_owner or NULL, due_at or NULL, 1 unless it was emptied
extern const Statement kDeliveryToChange;
/// state, due_at, seq
extern const Statement kRetryNow;
/// seq -> state, lane, attempts, lease_owner or NULL, due_at or NULL, 1 unless it was emptied,
/// notification, handler, ordering_key
extern const Statement kDeliveryToMove;
/// seq -> seq; locks it
extern const Statement kLockNotification;
/// notification, handler -> seq
extern const Statement kDeliveryTo;
/// handler, lane, state, due_at, seq
extern const Statement kMove;
/// finished_at, reason, seq
extern const Statement kSkip;
/// handler, event_pattern, reason, now, created_by
extern const Statement kInsertPause;
/// now, pause
extern const Statement kResume;

// Status. None of these grows with the store, but the lists, which are bounded.

/// -> name, total
extern const Statement kTotals;
/// limit -> how many are sealed; no more than the limit
extern const Statement kCountSealed;
/// limit -> how many are unreadable, of so many with a flaw
extern const Statement kCountUnreadable;
/// name, slot: makes the total what the rows say, whatever others count meanwhile
extern const Statement kCorrectSealed;
extern const Statement kCorrectUnreadable;
/// -> received_at
extern const Statement kLastReceived;
/// -> created_at
extern const Statement kOldestOpenDelivery;
/// id, mchid or empty -> notification columns, resource
extern const Statement kNotificationById;
/// seq -> resource
extern const Statement kResourceOf;
/// notification -> listed delivery columns without those of the notification
extern const Statement kDeliveriesOf;
/// seq -> listed delivery columns
extern const Statement kDeliveryById;
/// notification -> delivery, attempt, began_at, ended_at, outcome, error, latest last
extern const Statement kAttemptsOf;
/// before, rows to step over -> seq
extern const Statement kDeliveryFloor;
/// before, floor, state, handler, event_type, mchid, error, since, until, limit -> listed delivery
/// columns
extern const Statement kListDeliveries;
/// state, before, rows to step over -> seq
extern const Statement kUndoneFloor;
/// state, before, floor, handler, event_type, mchid, error, since, until, limit -> listed delivery
/// columns; not for what is done
extern const Statement kListUndone;
/// after -> the next handler that open deliveries are due for
extern const Statement kNextDueHandler;
/// limit -> handlers of so many deliveries that a pause holds back
extern const Statement kParkedHandlers;
/// handler, limit -> open deliveries in so many of its lanes
extern const Statement kOpenOfHandler;
/// before, rows to step over -> seq
extern const Statement kNotificationFloor;
/// before, floor, event_type, state, mchid, since, until, limit -> notification columns
extern const Statement kListNotifications;
/// before, rows to step over -> seq
extern const Statement kFlawFloor;
/// before, floor, event_type, mchid, since, until, limit -> notification columns
extern const Statement kListUnreadable;
/// id, mchid or empty -> quarantine columns
extern const Statement kQuarantinedById;
/// seq -> mchid, headers, body, received_at, body_digest
extern const Statement kSealedById;
/// seq, body_digest -> seq, where it was still there
extern const Statement kLeaveQuarantine;
/// id, mchid -> seq, flaw or NULL, received_at; locks it
extern const Statement kNotificationToRead;
/// flaw or NULL, seq
extern const Statement kNoteFlaw;
/// before, rows to step over -> seq
extern const Statement kQuarantineFloor;
/// before, floor, event_type, mchid, since, until, limit -> quarantine columns
extern const Statement kListQuarantine;
/// stock_id, coupon -> kind, stock_id, coupon, transaction_id, business_key, occurred_at, mchid,
/// notification_id, source
extern const Statement kCouponFacts;
extern const Statement kOwnCouponFacts;
extern const Statement kStockFacts;
extern const Statement kRefundsOf;

// Schema.

/// -> version, works_with
extern const Statement kSchemaVersion;
/// version, applied_at, works_with
extern const Statement kRecordMigration;

/// All of the above, for tests of their plans.
[[nodiscard]] std::span<const Statement* const> all();

}  // namespace couponhook::storage::sql
