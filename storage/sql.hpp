#pragma once

/// \file
/// Every SQL statement of the store; SQLite and PostgreSQL run the same text. The statements of
/// retention are in retention/purge_sql.hpp.
///
/// A Query<T> returns rows that are read as T; its SELECT list and the members of T are one list of
/// columns. Any other statement returns the column that its description names, or nothing.
///
/// Parameters are numbered in order of first appearance. An optional filter is a parameter with a
/// value that matches everything (an empty text, the earliest or the latest time) and not NULL,
/// because the database cannot infer the type of NULL. "seq" is the number of a row in order of
/// arrival. Times are milliseconds since the Unix epoch.

#include <span>

#include "storage/audit.hpp"
#include "storage/connection.hpp"
#include "storage/query.hpp"
#include "storage/row_types.hpp"

namespace couponhook::storage::sql {

// SQL statements that store notifications. The database's unique index decides whether a row is
// new: the INSERT statement returns a row only if it is new.

/// Inserts a notification unless the store has one with the same id and mchid. Parameters: id,
/// mchid, event_type, create_time, received_at, source, digest, envelope, resource, flaw or NULL.
/// Result: seq (row number); no row if the notification exists.
extern const Statement kInsertNotification;
/// Counts one more copy of a stored notification. Parameters: received_at, id, mchid.
extern const Statement kCountCopy;
/// Reads the stored notification that has the same id as a received copy. Parameters: id, mchid.
extern const Query<FirstOfCopy> kFirstOfCopy;
/// Inserts a conflict: a notification whose id is stored already with other content. Parameters:
/// notification (row number of the stored notification), digest, resource, received_at. Result:
/// notification; no row if this content was stored before.
extern const Statement kInsertConflict;
/// Inserts a quarantined body, or counts one more copy of it. Parameters: body_digest, mchid,
/// reason, detail, id, event_type, headers, body, received_at. Result: times_seen.
extern const Statement kKeepQuarantined;
/// Inserts a ledger fact of one coupon (its issuing or redemption) unless it exists. Parameters:
/// stock_id, coupon, kind, business_key, transaction_id, occurred_at, mchid, notification_id,
/// source.
extern const Statement kInsertCouponFact;
/// Inserts a refund into the ledger unless it exists. If it exists, only adds what the row lacks:
/// the same refund is reported with amounts (notification, refund query) and without (flow file),
/// in any order. Of two reports with different amounts, the smaller amounts stand, so that the
/// order does not matter. Parameters: transaction_id, business_key, occurred_at, mchid,
/// notification_id, source, out_refund_no or NULL, amount_total, amount_refund, amount_payer_total,
/// amount_payer_refund (all four or NULL).
extern const Statement kInsertRefund;
/// Inserts the share of one coupon in a stored refund unless it exists; of two reports with
/// different amounts, the smaller amounts stand. Parameters: coupon, amount, refund_amount,
/// transaction_id, business_key (of the refund).
extern const Statement kInsertRefundShare;
/// Inserts the digest of the openid in a notification. Parameters: seq of the notification,
/// openid_digest.
extern const Statement kInsertOpenid;
/// Reads which notification first reported a coupon's issuing or redemption. Parameters: stock_id,
/// coupon, kind, business_key.
extern const Query<FactOrigin> kOriginOfCouponFact;
/// Reads which notification first reported a refund. Parameters: transaction_id, business_key.
extern const Query<FactOrigin> kOriginOfRefund;
/// Inserts a delivery without a lease, due at once. Parameters: notification (its seq), handler,
/// received_at, lane (number of the ordering lane), ordering_key.
extern const Statement kInsertDelivery;
/// Adds to a stored total, for example the number of stored notifications. Parameters: name, slot
/// (number of the rows in which one writer counts), delta.
extern const Statement kAddToCounter;
/// Lists the names of the totals that one writer counts. Parameter: slot (number of that writer's
/// rows in the table of totals). Result: name.
extern const Statement kCounterNames;
/// Writes a test row, which shows that a commit is possible. Parameters: slot (the writer's
/// number), now, padding (bytes that make the row larger).
extern const Statement kBeat;

// SQL statements about deliveries. The cost of each statement is the same however many open or
// finished deliveries there are.

/// Inserts a delivery with a lease. Parameters: notification (its row number), handler, lease end,
/// received_at, lane (number of the ordering lane), ordering_key, owner of the lease, begun_at.
/// Result: row number of the delivery.
extern const Statement kInsertLeasedDelivery;
/// Finds out whether an ordering lane (one handler and one coupon) has an open delivery. Parameter:
/// lane number. Result: lane; no row if all its deliveries have ended.
extern const Statement kOpenLane;
/// Lists the pauses that operators have set, and ended pauses that are not deleted yet.
extern const Query<PauseRecord> kPauses;
/// Makes deliveries due that a pause held back. Parameters: due_at, pause (its seq), limit.
extern const Statement kUnpark;
/// Deletes the row of a pause if it holds back no delivery. Parameter: pause (its row number).
extern const Statement kDropPause;
/// Reads due deliveries of a handler and locks their rows. Parameters: handler, now, limit.
extern const Query<Candidate> kDueDeliveries;
/// Reads the deliveries of one notification and locks their rows. Parameters: id, mchid.
extern const Query<Candidate> kDeliveriesToClaim;
/// Reads the content of a notification for a handler. Parameter: seq of the notification.
extern const Query<NotificationContent> kContent;
/// Locks a delivery if it is still open. Parameter: seq of the delivery. Result: seq; no row if the
/// delivery has ended, or if another transaction has locked it.
extern const Statement kStillOpen;
/// Removes the due time of a delivery that must wait for a pause to end, or for an earlier delivery
/// of the same handler and coupon. Parameters: pause (its row number) or NULL, row number of the
/// delivery.
extern const Statement kPark;
/// Takes a lease on a delivery and raises its fence (fencing token). Parameters: owner of the
/// lease, lease end, begun_at or NULL, 1 if an attempt begins now and 0 if not, row number of the
/// delivery.
extern const Statement kTake;
/// Takes a lease on a delivery whose last attempt was lost, only to report that attempt as failed.
/// Raises the fence (fencing token), counts no attempt. Parameters: owner of the lease, lease end,
/// row number of the delivery.
extern const Statement kInherit;
/// Reads a delivery under a lease and locks its row. Parameters: seq of the delivery, fence
/// (fencing token of the lease). No row if another replica has taken over the lease.
extern const Query<HeldDelivery> kHeldDelivery;
/// Writes the result of an attempt at a delivery and ends the lease. Parameters: state, due_at or
/// NULL, finished_at or NULL, error, row number of the delivery.
extern const Statement kReport;
/// Makes the oldest open delivery of an ordering lane (one handler and one coupon) due, unless a
/// pause holds it back. Parameters: due_at, number of the lane.
extern const Statement kPromote;
/// Writes one attempt into the history of a delivery, which keeps the latest 32. Parameters:
/// delivery (its row number), slot (place in the history), attempt, began_at, ended_at, outcome,
/// error.
extern const Statement kRecordAttempt;
/// Extends the lease on a delivery. Parameters: lease end, row number of the delivery, fence
/// (fencing token). Result: seq (row number); no row if another replica has taken over the lease.
extern const Statement kRenew;
/// Ends the lease on a delivery without a result; an attempt that had begun is not counted.
/// Parameters: due_at, row number of the delivery, fence (fencing token).
extern const Statement kGiveBack;
/// Counts the attempt at a leased delivery, unless it is counted already. Parameters: begun_at, row
/// number of the delivery, fence (fencing token). Result: seq (row number); no row if another
/// replica has taken over the lease.
extern const Statement kBegin;
/// Undoes the statement kBegin for a leased delivery whose handler must be called later.
/// Parameters: row number of the delivery, fence (fencing token).
extern const Statement kPostpone;
/// Reads the earliest due time (time at which a delivery is to be made) of the deliveries to one
/// handler. Parameter: handler. Result: due_at.
extern const Statement kNextDue;
/// Reads a delivery that an operator wants to change, and locks its row. Parameter: seq of the
/// delivery.
extern const Query<DeliveryToChange> kDeliveryToChange;
/// Makes a delivery due and begins a new round of attempts. Parameters: state, due_at, seq of the
/// delivery.
extern const Statement kRetryNow;
/// Locks the row of a notification. Parameter: seq of the notification. Result: seq.
extern const Statement kLockNotification;
/// Finds the delivery of a notification to a handler. Parameters: notification (its row number),
/// handler. Result: row number of the delivery.
extern const Statement kDeliveryTo;
/// Moves a delivery to another handler. Parameters: new handler, lane (number of its ordering
/// lane), state, due_at, row number of the delivery.
extern const Statement kMove;
/// Drops a delivery, so that it is not made. Parameters: finished_at, reason, row number of the
/// delivery.
extern const Statement kSkip;
/// Inserts a pause of deliveries that an operator sets. Parameters: handler, event_pattern, reason,
/// now, created_by.
extern const Statement kInsertPause;
/// Ends a pause of deliveries. Parameters: now, pause (its row number).
extern const Statement kResume;

// SQL statements for the status endpoint. Lists have a limit. The cost of each statement is the
// same however large the store is, except for kCorrectSealed, kCorrectUnreadable and
// kCorrectDeliveries.

/// Reads all stored totals, for example the number of stored notifications.
extern const Query<Total> kTotals;
/// Counts the bodies in the quarantine. Parameter: limit. Result: their number, at most the limit.
extern const Statement kCountSealed;
/// Counts the unreadable notifications among those that have a flaw (an error in their content).
/// Parameter: limit (number of rows to look at). Result: their number.
extern const Statement kCountUnreadable;
/// Corrects the stored total of quarantined bodies to the number of rows; right even while other
/// transactions count. Parameters: name of the total, slot (number of the writer's rows in the
/// table of totals).
extern const Statement kCorrectSealed;
/// Corrects the stored total of unreadable notifications to the number of rows; right even while
/// other transactions count. Parameters: name of the total, slot (number of the writer's rows in
/// the table of totals).
extern const Statement kCorrectUnreadable;
/// Reads the handlers that have open or dead deliveries. Parameter: limit (number of deliveries to
/// look at). Result: handler.
extern const Statement kUndoneHandlers;
/// Corrects the stored total of one handler's deliveries in one state, which must not be 'done';
/// right even while other transactions count. Parameters: name of the total, slot (number of the
/// writer's rows in the table of totals), state, handler.
extern const Statement kCorrectDeliveries;
/// Reads when the newest notification was received. Result: received_at.
extern const Statement kLastReceived;
/// Reads the creation times of the oldest pending and the oldest retrying delivery. Result:
/// created_at, in up to two rows.
extern const Statement kOldestOpenDelivery;
/// Reads one notification with its resource. Parameters: id, mchid or empty.
extern const Query<NotificationRecord> kNotificationById;
/// Reads the decrypted resource of a notification. Parameter: seq of the notification. Result:
/// resource.
extern const Statement kResourceOf;
/// Reads the deliveries of a notification, without the notification's id, merchant and event type.
/// Parameter: notification (its seq).
extern const Query<DeliveryRecord> kDeliveriesOf;
/// Reads one delivery. Parameter: seq of the delivery.
extern const Query<DeliveryRecord> kDeliveryById;
/// Reads the attempts at all deliveries of a notification, for each delivery the latest attempt
/// last. Parameter: notification (its seq).
extern const Query<AttemptOfDelivery> kAttemptsOf;
/// Finds the oldest delivery that one page of a list may look at, because a page looks at a limited
/// number of rows. Parameters: before (the page has only lower row numbers), number of rows to
/// skip. Result: row number of that delivery.
extern const Statement kDeliveryFloor;
/// Lists one page of deliveries: those with seq numbers from floor up to, but not including,
/// before. Parameters: before, floor, state, handler, event_type, mchid, error, since, until,
/// limit.
extern const Query<DeliveryRecord> kListDeliveries;
/// Finds the oldest delivery in one state that a page of a list may look at, because a page looks
/// at a limited number of rows. Parameters: state, before (the page has only lower row numbers),
/// number of rows to skip. Result: row number of that delivery.
extern const Statement kUndoneFloor;
/// Lists one page of deliveries in one state other than "done": those with row numbers from `floor`
/// up to, but not including, `before`. Uses the index on the state, which leaves out "done".
/// Parameters: state, before, floor, handler, event_type, mchid, error, since, until, limit.
extern const Query<DeliveryRecord> kListUndone;
/// Finds the next handler, by name, that has deliveries with a due time. Parameter: after (name of
/// the previous handler). Result: handler.
extern const Statement kNextDueHandler;
/// Lists the handlers of deliveries that pauses hold back. Parameter: limit (number of deliveries
/// to look at). Result: handler.
extern const Statement kParkedHandlers;
/// Counts the open deliveries of a handler. Parameters: handler, limit (number of ordering lanes to
/// look at; a lane is one handler and one coupon). Result: their number.
extern const Statement kOpenOfHandler;
/// Finds the oldest notification that one page of a list may look at, because a page looks at a
/// limited number of rows. Parameters: before (the page has only lower row numbers), number of rows
/// to skip. Result: row number of that notification.
extern const Statement kNotificationFloor;
/// Lists one page of notifications: those with seq numbers from floor up to, but not including,
/// before. Parameters: before, floor, event_type, state, mchid, since, until, limit.
extern const Query<NotificationRecord> kListNotifications;
/// Finds the oldest notification with a flaw that one page of a list may look at, because a page
/// looks at a limited number of rows. Parameters: before (the page has only lower seq numbers),
/// number of rows to skip. Result: seq of that notification.
extern const Statement kFlawFloor;
/// Lists one page of unreadable notifications: those with seq numbers from floor up to, but not
/// including, before. Parameters: before, floor, event_type, mchid, since, until, limit.
extern const Query<NotificationRecord> kListUnreadable;
/// Finds the newest quarantined body of a notification. Parameters: id, mchid or empty.
extern const Query<NotificationRecord> kQuarantinedById;
/// Reads a quarantined body. Parameter: seq of the body.
extern const Query<SealedBody> kSealedById;
/// Deletes a quarantined body. Parameters: seq and body_digest of the body. Result: seq; no row if
/// the body was already deleted.
extern const Statement kLeaveQuarantine;
/// Reads a notification whose content is to be read again, and locks its row. Parameters: id,
/// mchid.
extern const Query<NotificationToRead> kNotificationToRead;
/// Writes the flaw text of a notification, which says what is wrong with its content. Parameters:
/// flaw or NULL, row number of the notification.
extern const Statement kNoteFlaw;
/// Finds the oldest quarantined body that one page of a list may look at, because a page looks at a
/// limited number of rows. Parameters: before (the page has only lower row numbers), number of rows
/// to skip. Result: row number of that body.
extern const Statement kQuarantineFloor;
/// Lists one page of quarantined bodies: those with seq numbers from floor up to, but not
/// including, before. Parameters: before, floor, event_type, mchid, since, until, limit.
extern const Query<NotificationRecord> kListQuarantine;
/// Reads the newest row number of the quarantine. Result: seq.
extern const Statement kLastQuarantineNumber;
/// Reads notifications in the order of their row numbers, with their resources. Parameters: after,
/// up to (row numbers), limit.
extern const Query<NotificationRecord> kArrivedNotifications;
/// Reads quarantined bodies in the order of their row numbers. Parameters: after, up to (row
/// numbers), limit.
extern const Query<NotificationRecord> kArrivedQuarantined;
/// List the row numbers in a range, the highest first. Parameters: after, up to (row numbers),
/// limit. Result: seq.
extern const Statement kNotificationNumbers;
extern const Statement kQuarantineNumbers;
/// Reads the ledger facts of a coupon and the refunds of its transactions: those in which the
/// coupon was redeemed, and those with a refund in which the coupon has a share. Parameters:
/// stock_id, coupon.
extern const Query<ReportedFact> kCouponFacts;
/// Reads the ledger facts of a coupon, without refunds. Parameters: stock_id, coupon.
extern const Query<LedgerFact> kOwnCouponFacts;
/// Reads one page of the ledger facts (coupon issued, redeemed or refunded) of a stock (a batch of
/// coupons). Parameters: stock_id; kind, coupon and business_key of the last fact of the previous
/// page; limit.
extern const Query<LedgerFact> kStockFacts;
/// Reads the refunds of a payment transaction from the ledger, without shares of coupons.
/// Parameter: transaction_id.
extern const Query<LedgerFact> kRefundsOf;
/// Reads the shares of coupons in the refunds of a payment transaction. Parameter: transaction_id.
extern const Query<ShareOfRefund> kSharesOf;

/// Writes a row of the audit log. Parameters: recorded_at, actor, origin, action, target, reason,
/// result.
extern const Statement kInsertAudit;
/// Lists one page of the audit log, the newest row first. Parameters: before (the page has only
/// lower row numbers), limit.
extern const Query<AuditRecord> kListAudit;

// SQL statements of the search (sql_search.cpp). Each has a limit, and reads only through indexes.

/// Reads the notifications with this id, with their content. Parameters: id, limit.
extern const Query<NotificationRecord> kSearchNotifications;
/// Reads notifications of one user, newest first, with their content. Parameters: openid_digest,
/// before (only lower numbers of notifications), limit.
extern const Query<NotificationRecord> kSearchOpenid;
/// Reads the ledger facts of a coupon whose stock is not known: looks up the coupon in each stock
/// of the ledger. Parameters: number of stocks to look at, coupon, limit.
extern const Query<ReportedFact> kSearchCoupon;
/// Reads the ledger facts of a coupon. Parameters: stock_id, coupon, limit.
extern const Query<ReportedFact> kSearchCouponOfStock;
/// Reads one page of the ledger facts of a stock. Parameters: stock_id; coupon, kind and
/// business_key of the last fact of the previous page; limit.
extern const Query<ReportedFact> kSearchStock;
/// Reads the redemptions of coupons in a payment. Parameters: transaction_id, limit.
extern const Query<ReportedFact> kSearchPayment;
/// Reads the refunds of a payment. Parameters: transaction_id, limit.
extern const Query<ReportedFact> kSearchRefundsOf;
/// Reads the facts about one refund. Parameters: three business keys (one for each status), limit.
extern const Query<ReportedFact> kSearchRefund;

// SQL statements of the history of the counters (sql_search.cpp).

/// Begins to write the history: counts the writes, and so makes other replicas that write the
/// history wait for the end of this transaction.
extern const Statement kLockHistory;
/// Reads all totals, and the totals up to which the history is written. Result: HistoryValue, see
/// there.
extern const Query<HistoryValue> kHistoryTotals;
/// Adds to one step of a series. Parameters: step_s, at_s, series, delta.
extern const Statement kAddToHistory;
/// Records up to which total the history is written. Parameters: series, value.
extern const Statement kMarkHistory;
/// Reads the history of a time, summed over longer steps, with the rows of kHistoryTotals, all as
/// they were at the same moment. Parameters: length of the summed steps, step_s, from, to (seconds
/// since the Unix epoch).
extern const Query<HistoryValue> kHistory;

/// \return the SQL statements of the search and of the history. Tests check their query plans.
[[nodiscard]] std::span<const Statement* const> search_statements();

// SQL statements about the version of the database schema.

/// Reads the newest migration of the database.
extern const Query<SchemaVersion> kSchemaVersion;
/// Records a migration in the table of schema versions. Parameters: version, applied_at, works_with
/// (schema version known to the oldest couponhook that may still use the database).
extern const Statement kRecordMigration;

/// \return the SQL statements of this file, except for search_statements(). Tests check their query
/// plans.
[[nodiscard]] std::span<const Statement* const> all();

}  // namespace couponhook::storage::sql
