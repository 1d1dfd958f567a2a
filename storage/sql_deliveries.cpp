// SQL statements that take deliveries under leases, record results of attempts, and change
// deliveries for operators.

#include "storage/dialect.hpp"
#include "storage/sql.hpp"

// Condition for an open delivery. A database uses a partial index only if the statement repeats the
// condition of the index word by word.
#define COUPONHOOK_OPEN "state IN ('pending', 'retrying')"

// Columns of a delivery that a replica may take. "head" is the oldest open delivery of the same
// ordering lane (one handler and one coupon) and "running" is the leased delivery of that lane;
// they decide which delivery goes first. "lost_before" is the number of lost attempts in the
// current round of attempts, and 0 if the delivery is not leased.
#define COUPONHOOK_CANDIDATE_COLUMNS                                                            \
  "d.seq, d.handler, d.lane, d.notification, d.state, d.attempts, d.attempts_before, d.fence, " \
  "d.due_at, d.lease_owner, d.parked_by, d.created_at, d.ordering_key, d.last_error, "          \
  "(SELECT min(p.seq) FROM deliveries p WHERE p.lane = d.lane AND p." COUPONHOOK_OPEN           \
  ") AS head,"                                                                                  \
  " (SELECT r.seq FROM deliveries r WHERE r.lane = d.lane AND r.lease_owner IS NOT NULL)"       \
  " AS running,"                                                                                \
  " CASE WHEN d.lease_owner IS NULL THEN 0 ELSE (SELECT count(*) FROM delivery_attempts a"      \
  " WHERE a.delivery = d.seq AND a.attempt > d.attempts_before AND a.outcome = 'lost') END"     \
  " AS lost_before, d.begun_at "

#define COUPONHOOK_CHANGED_COLUMNS                                           \
  "d.state, d.lane, d.attempts, d.lease_owner, d.due_at,"                    \
  " CAST((SELECT count(*) FROM notifications n WHERE n.seq = d.notification" \
  " AND n.envelope <> '') AS BIGINT)"

#define COUPONHOOK_LISTED_COLUMNS                                                               \
  "d.seq, d.handler, d.state, d.attempts, d.due_at, d.last_error, d.lease_owner, d.parked_by, " \
  "d.created_at, d.finished_at, n.id, n.mchid, n.event_type "

// Joins each delivery with its notification. CROSS JOIN makes SQLite read the deliveries in order
// and look up the notification of each delivery, and not the other way round.
#define COUPONHOOK_LISTED \
  "FROM deliveries d CROSS JOIN notifications n WHERE n.seq = d.notification"

namespace couponhook::storage::sql {

const Statement kInsertLeasedDelivery{
    "INSERT INTO deliveries (notification, handler, state, attempts, attempts_before, due_at,"
    " created_at, lane, ordering_key, fence, lease_owner, last_error, begun_at)"
    " VALUES ($1, $2, 'pending', 1, 0, $3, $4, $5, $6, 1, $7, '', $8) RETURNING seq"};

const Statement kFirstInLane{"SELECT seq, lane FROM deliveries WHERE lane = $1 AND " COUPONHOOK_OPEN
                             " ORDER BY seq LIMIT 1"};

const Statement kPauses{
    "SELECT seq, handler, event_pattern, reason, created_at, resumed_at, created_by FROM pauses"
    " ORDER BY seq"};

// The condition on parked_by (the pause that holds back the delivery) is written twice: another
// connection may have taken a delivery after the subquery found it, and the row of such a delivery
// must not be changed.
const Statement kUnpark{
    "UPDATE deliveries SET due_at = $1, parked_by = NULL WHERE parked_by = $2 AND seq IN"
    " (SELECT seq FROM deliveries WHERE parked_by = $2 LIMIT $3)"};

const Statement kDropPause{
    "DELETE FROM pauses WHERE seq = $1"
    " AND NOT EXISTS (SELECT 1 FROM deliveries WHERE parked_by = $1)"};

const Statement kDueDeliveries{"SELECT " COUPONHOOK_CANDIDATE_COLUMNS
                               "FROM deliveries d WHERE d.handler = $1 AND d.due_at <= $2"
                               " ORDER BY d.due_at LIMIT $3 " COUPONHOOK_SKIP_LOCKED};

const Statement kDeliveriesToClaim{
    "SELECT " COUPONHOOK_CANDIDATE_COLUMNS
    ", (SELECT t.event_type FROM notifications t WHERE t.seq = d.notification) AS event_type"
    " FROM deliveries d WHERE d.notification ="
    " (SELECT n.seq FROM notifications n WHERE n.id = $1 AND n.mchid = $2)"
    " ORDER BY d.seq " COUPONHOOK_FOR_UPDATE};

const Statement kContent{
    "SELECT id, mchid, event_type, create_time, source, resource FROM notifications"
    " WHERE seq = $1"};

const Statement kStillOpen{"SELECT seq FROM deliveries WHERE seq = $1 AND " COUPONHOOK_OPEN
                           " " COUPONHOOK_SKIP_LOCKED};

const Statement kPark{
    "UPDATE deliveries SET due_at = NULL, parked_by = $1, lease_owner = NULL WHERE seq = $2"};

const Statement kTake{
    "UPDATE deliveries SET lease_owner = $1, due_at = $2, fence = fence + 1, begun_at = $3,"
    " attempts = attempts + $4 WHERE seq = $5"};

const Statement kInherit{
    "UPDATE deliveries SET lease_owner = $1, due_at = $2, fence = fence + 1 WHERE seq = $3"};

const Statement kHeldDelivery{
    "SELECT state, lane, attempts FROM deliveries WHERE seq = $1 AND fence = $2"
    " AND lease_owner IS NOT NULL " COUPONHOOK_FOR_UPDATE};

const Statement kReport{
    "UPDATE deliveries SET state = $1, due_at = $2, finished_at = $3, last_error = $4,"
    " lease_owner = NULL WHERE seq = $5"};

const Statement kPromote{
    "UPDATE deliveries SET due_at = $1 WHERE seq ="
    " (SELECT min(seq) FROM deliveries WHERE lane = $2 AND " COUPONHOOK_OPEN
    ") AND due_at IS NULL AND parked_by IS NULL AND " COUPONHOOK_OPEN};

const Statement kRecordAttempt{
    "INSERT INTO delivery_attempts (delivery, slot, attempt, began_at, ended_at, outcome, error)"
    " VALUES ($1, $2, $3, $4, $5, $6, $7)"
    " ON CONFLICT (delivery, slot) DO UPDATE SET attempt = excluded.attempt,"
    " began_at = excluded.began_at, ended_at = excluded.ended_at, outcome = excluded.outcome,"
    " error = excluded.error"};

const Statement kRenew{
    "UPDATE deliveries SET due_at = $1 WHERE seq = $2 AND fence = $3"
    " AND lease_owner IS NOT NULL RETURNING seq"};

const Statement kGiveBack{
    "UPDATE deliveries SET due_at = $1, lease_owner = NULL, begun_at = NULL,"
    " attempts = attempts - CASE WHEN begun_at IS NULL THEN 0 ELSE 1 END"
    " WHERE seq = $2 AND fence = $3 AND lease_owner IS NOT NULL"};

const Statement kBegin{
    "UPDATE deliveries SET begun_at = coalesce(begun_at, $1),"
    " attempts = attempts + CASE WHEN begun_at IS NULL THEN 1 ELSE 0 END"
    " WHERE seq = $2 AND fence = $3 AND lease_owner IS NOT NULL RETURNING seq"};

const Statement kPostpone{
    "UPDATE deliveries SET begun_at = NULL, attempts = attempts - 1"
    " WHERE seq = $1 AND fence = $2 AND lease_owner IS NOT NULL AND begun_at IS NOT NULL"};

const Statement kNextDue{
    "SELECT due_at FROM deliveries WHERE handler = $1 AND due_at IS NOT NULL"
    " ORDER BY due_at LIMIT 1"};

const Statement kDeliveryToChange{"SELECT " COUPONHOOK_CHANGED_COLUMNS
                                  " FROM deliveries d WHERE d.seq = $1 " COUPONHOOK_FOR_UPDATE};

const Statement kDeliveryToMove{"SELECT " COUPONHOOK_CHANGED_COLUMNS
                                ", d.notification, d.handler, d.ordering_key"
                                " FROM deliveries d WHERE d.seq = $1 " COUPONHOOK_FOR_UPDATE};

const Statement kLockNotification{
    "SELECT seq FROM notifications WHERE seq = $1 " COUPONHOOK_FOR_UPDATE};

const Statement kDeliveryTo{"SELECT seq FROM deliveries WHERE notification = $1 AND handler = $2"};

// Moving a delivery to another handler raises its fence (fencing token), so that a result reported
// under a lease of the previous handler is refused.
const Statement kMove{
    "UPDATE deliveries SET handler = $1, lane = $2, state = $3, due_at = $4,"
    " attempts_before = attempts, finished_at = NULL, parked_by = NULL, lease_owner = NULL,"
    " fence = fence + 1 WHERE seq = $5"};

const Statement kRetryNow{
    "UPDATE deliveries SET state = $1, due_at = $2, attempts_before = attempts,"
    " finished_at = NULL, parked_by = NULL WHERE seq = $3"};

const Statement kSkip{
    "UPDATE deliveries SET state = 'skipped', due_at = NULL, finished_at = $1, last_error = $2,"
    " lease_owner = NULL, parked_by = NULL, fence = fence + 1 WHERE seq = $3"};

const Statement kInsertPause{
    "INSERT INTO pauses (handler, event_pattern, reason, created_at, created_by)"
    " VALUES ($1, $2, $3, $4, $5)"};

const Statement kResume{"UPDATE pauses SET resumed_at = $1 WHERE seq = $2"};

const Statement kNextDueHandler{
    "SELECT handler FROM deliveries WHERE handler > $1 AND due_at IS NOT NULL"
    " ORDER BY handler LIMIT 1"};

const Statement kParkedHandlers{
    "SELECT DISTINCT few_parked.handler FROM (SELECT handler FROM deliveries WHERE parked_by > 0"
    " LIMIT $1) few_parked"};

// Counts the open deliveries of a handler through its ordering lanes (one coupon each). Every open
// delivery belongs to a lane, and the first delivery of each lane is either due or held back by a
// pause. So all open deliveries of the handler are found through the lanes of its due and its
// paused deliveries.
const Statement kOpenOfHandler{
    "SELECT count(*) FROM (SELECT h.lane FROM deliveries h WHERE h.handler = $1"
    " AND h.due_at IS NOT NULL UNION SELECT p.lane FROM deliveries p WHERE p.handler = $1"
    " AND p.parked_by > 0 LIMIT $2) few_lanes CROSS JOIN deliveries d"
    " WHERE d.lane = few_lanes.lane AND d." COUPONHOOK_OPEN};

const Statement kDeliveryById{"SELECT " COUPONHOOK_LISTED_COLUMNS COUPONHOOK_LISTED
                              " AND d.seq = $1"};

const Statement kAttemptsOf{
    "SELECT a.delivery, a.attempt, a.began_at, a.ended_at, a.outcome, a.error"
    " FROM deliveries d CROSS JOIN delivery_attempts a"
    " WHERE d.notification = $1 AND a.delivery = d.seq ORDER BY a.delivery, a.attempt"};

const Statement kDeliveryFloor{
    "SELECT seq FROM deliveries WHERE seq < $1 ORDER BY seq DESC LIMIT 1 OFFSET $2"};

const Statement kListDeliveries{"SELECT " COUPONHOOK_LISTED_COLUMNS COUPONHOOK_LISTED
                                " AND d.seq < $1 AND d.seq >= $2 AND ($3 = '' OR d.state = $3)"
                                " AND ($4 = '' OR d.handler = $4)"
                                " AND ($5 = '' OR n.event_type = $5)"
                                " AND ($6 = '' OR n.mchid = $6)"
                                " AND ($7 = '' OR replace(d.last_error, $7, '') <> d.last_error)"
                                " AND d.created_at >= $8 AND d.created_at < $9"
                                " ORDER BY d.seq DESC LIMIT $10"};

const Statement kUndoneFloor{
    "SELECT seq FROM deliveries WHERE state = $1 AND state <> 'done' AND seq < $2"
    " ORDER BY seq DESC LIMIT 1 OFFSET $3"};

const Statement kListUndone{"SELECT " COUPONHOOK_LISTED_COLUMNS COUPONHOOK_LISTED
                            " AND d.state = $1 AND d.state <> 'done' AND d.seq < $2"
                            " AND d.seq >= $3 AND ($4 = '' OR d.handler = $4)"
                            " AND ($5 = '' OR n.event_type = $5)"
                            " AND ($6 = '' OR n.mchid = $6)"
                            " AND ($7 = '' OR replace(d.last_error, $7, '') <> d.last_error)"
                            " AND d.created_at >= $8 AND d.created_at < $9"
                            " ORDER BY d.seq DESC LIMIT $10"};

}  // namespace couponhook::storage::sql
