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

/// id, mchid, event_type, create_time, received_at, source, digest, envelope, resource -> seq
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
/// notification, handler, received_at, lane, ordering_key
extern const Statement kInsertDelivery;
/// name, slot, delta
extern const Statement kAddToCounter;
/// slot -> name
extern const Statement kCounterNames;
/// slot, now
extern const Statement kBeat;

// Status. None of these grows with the store, but the lists, which are bounded.

/// -> name, total
extern const Statement kTotals;
/// -> received_at
extern const Statement kLastReceived;
/// -> created_at
extern const Statement kOldestOpenDelivery;
/// id -> notification columns, resource
extern const Statement kNotificationById;
/// notification -> seq, handler, state, attempts, due_at or NULL, last_error
extern const Statement kDeliveriesOf;
/// before, rows to step over -> seq
extern const Statement kNotificationFloor;
/// before, floor, event_type, state, mchid, since, until, limit -> notification columns
extern const Statement kListNotifications;
/// id -> quarantine columns
extern const Statement kQuarantinedById;
/// before, rows to step over -> seq
extern const Statement kQuarantineFloor;
/// before, floor, event_type, mchid, since, until, limit -> quarantine columns
extern const Statement kListQuarantine;
/// stock_id, coupon -> kind, stock_id, coupon, transaction_id, business_key, occurred_at, mchid,
/// notification_id, source
extern const Statement kCouponFacts;

// Schema.

/// -> version, works_with
extern const Statement kSchemaVersion;
/// version, applied_at, works_with
extern const Statement kRecordMigration;

/// All of the above, for tests of their plans.
[[nodiscard]] std::span<const Statement* const> all();

}  // namespace couponhook::storage::sql
