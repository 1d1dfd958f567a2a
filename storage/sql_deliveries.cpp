// SQL statements that take deliveries under leases, record results of attempts, and change
// deliveries for operators.

#include <array>

#include "storage/dialect.hpp"
#include "storage/sql.hpp"

// Condition for an open delivery. A database uses a partial index only if the statement repeats the
// condition of the index word by word.
#define COUPONHOOK_OPEN "state IN ('pending', 'retrying')"

// Joins each delivery with its notification. CROSS JOIN makes SQLite read the deliveries in order
// and look up the notification of each delivery, and not the other way round.
#define COUPONHOOK_LISTED \
  "FROM deliveries d CROSS JOIN notifications n WHERE n.seq = d.notification"

namespace couponhook::storage::sql {
namespace {

constexpr auto kCandidateColumns = columns<Candidate>(
    {{"d.seq", &Candidate::delivery_id},
     {"d.handler", &Candidate::handler},
     {"d.lane", &Candidate::lane},
     {"d.notification", &Candidate::notification},
     {"d.state", &Candidate::state},
     {"d.attempts", &Candidate::attempts},
     {"d.attempts_before", &Candidate::attempts_before},
     {"d.fence", &Candidate::fence},
     {"d.due_at", &Candidate::due_at_ms},
     {"d.lease_owner IS NOT NULL", &Candidate::leased},
     {"d.lease_owner", &Candidate::lease_owner},
     {"d.parked_by", &Candidate::parked_by},
     {"d.created_at", &Candidate::created_at_ms},
     {"d.ordering_key", &Candidate::ordering_key},
     {"d.last_error", &Candidate::last_error},
     {"(SELECT min(p.seq) FROM deliveries p WHERE p.lane = d.lane AND p." COUPONHOOK_OPEN ")",
      &Candidate::head},
     {"(SELECT r.seq FROM deliveries r WHERE r.lane = d.lane AND r.lease_owner IS NOT NULL)",
      &Candidate::running},
     {"CASE WHEN d.lease_owner IS NULL THEN 0 ELSE (SELECT count(*) FROM delivery_attempts a"
      " WHERE a.delivery = d.seq AND a.attempt > d.attempts_before AND a.outcome = 'lost') END",
      &Candidate::lost_attempts},
     {"d.begun_at", &Candidate::begun_at_ms}});

constexpr auto kDeliveryColumns =
    columns<DeliveryRecord>({{"d.seq", &DeliveryRecord::delivery_id},
                             {"d.handler", &DeliveryRecord::handler},
                             {"d.state", &DeliveryRecord::state},
                             {"d.attempts", &DeliveryRecord::attempts},
                             {"d.due_at", &DeliveryRecord::due_at_ms},
                             {"d.last_error", &DeliveryRecord::last_error},
                             {"d.lease_owner IS NOT NULL", &DeliveryRecord::leased},
                             {"d.lease_owner", &DeliveryRecord::lease_owner},
                             {"d.parked_by IS NOT NULL", &DeliveryRecord::paused},
                             {"d.created_at", &DeliveryRecord::created_at_ms},
                             {"d.finished_at", &DeliveryRecord::finished_at_ms}});

constexpr auto kNotificationOfDelivery =
    columns<DeliveryRecord>({{"n.id", &DeliveryRecord::notification_id},
                             {"n.mchid", &DeliveryRecord::mchid},
                             {"n.event_type", &DeliveryRecord::event_type}});

}  // namespace

const Statement kInsertLeasedDelivery{
    "INSERT INTO deliveries (notification, handler, state, attempts, attempts_before, due_at,"
    " created_at, lane, ordering_key, fence, lease_owner, last_error, begun_at)"
    " VALUES ($1, $2, 'pending', 1, 0, $3, $4, $5, $6, 1, $7, '', $8) RETURNING seq"};

const Statement kOpenLane{"SELECT lane FROM deliveries WHERE lane = $1 AND " COUPONHOOK_OPEN
                          " ORDER BY seq LIMIT 1"};

const Query<PauseRecord> kPauses{"SELECT {columns} FROM pauses ORDER BY seq",
                                 {{"seq", &PauseRecord::pause_id},
                                  {"handler", &PauseRecord::handler},
                                  {"event_pattern", &PauseRecord::event_pattern},
                                  {"reason", &PauseRecord::reason},
                                  {"created_by", &PauseRecord::created_by},
                                  {"created_at", &PauseRecord::created_at_ms},
                                  {"resumed_at", &PauseRecord::resumed_at_ms}}};

// The condition on parked_by (the pause that holds back the delivery) is written twice: another
// connection may have taken a delivery after the subquery found it, and the row of such a delivery
// must not be changed.
const Statement kUnpark{
    "UPDATE deliveries SET due_at = $1, parked_by = NULL WHERE parked_by = $2 AND seq IN"
    " (SELECT seq FROM deliveries WHERE parked_by = $2 LIMIT $3)"};

const Statement kDropPause{
    "DELETE FROM pauses WHERE seq = $1"
    " AND NOT EXISTS (SELECT 1 FROM deliveries WHERE parked_by = $1)"};

const Query<Candidate> kDueDeliveries{
    "SELECT {columns} FROM deliveries d WHERE d.handler = $1 AND d.due_at <= $2"
    " ORDER BY d.due_at LIMIT $3 " COUPONHOOK_SKIP_LOCKED,
    kCandidateColumns};

const Query<Candidate> kDeliveriesToClaim{
    "SELECT {columns} FROM deliveries d WHERE d.notification ="
    " (SELECT n.seq FROM notifications n WHERE n.id = $1 AND n.mchid = $2)"
    " ORDER BY d.seq " COUPONHOOK_FOR_UPDATE,
    kCandidateColumns,
    {{"(SELECT t.event_type FROM notifications t WHERE t.seq = d.notification)",
      &Candidate::event_type}}};

const Query<NotificationContent> kContent{"SELECT {columns} FROM notifications WHERE seq = $1",
                                          {{"id", &NotificationContent::id},
                                           {"mchid", &NotificationContent::mchid},
                                           {"event_type", &NotificationContent::event_type},
                                           {"create_time", &NotificationContent::create_time},
                                           {"source", &NotificationContent::source},
                                           {"resource", &NotificationContent::resource}}};

const Statement kStillOpen{"SELECT seq FROM deliveries WHERE seq = $1 AND " COUPONHOOK_OPEN
                           " " COUPONHOOK_SKIP_LOCKED};

const Statement kPark{
    "UPDATE deliveries SET due_at = NULL, parked_by = $1, lease_owner = NULL WHERE seq = $2"};

const Statement kTake{
    "UPDATE deliveries SET lease_owner = $1, due_at = $2, fence = fence + 1, begun_at = $3,"
    " attempts = attempts + $4 WHERE seq = $5"};

const Statement kInherit{
    "UPDATE deliveries SET lease_owner = $1, due_at = $2, fence = fence + 1 WHERE seq = $3"};

const Query<HeldDelivery> kHeldDelivery{
    "SELECT {columns} FROM deliveries WHERE seq = $1 AND fence = $2"
    " AND lease_owner IS NOT NULL " COUPONHOOK_FOR_UPDATE,
    {{"handler", &HeldDelivery::handler},
     {"state", &HeldDelivery::state},
     {"lane", &HeldDelivery::lane},
     {"attempts", &HeldDelivery::attempts}}};

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

const Query<DeliveryToChange> kDeliveryToChange{
    "SELECT {columns} FROM deliveries d WHERE d.seq = $1 " COUPONHOOK_FOR_UPDATE,
    {{"d.state", &DeliveryToChange::state},
     {"d.lane", &DeliveryToChange::lane},
     {"d.attempts", &DeliveryToChange::attempts},
     {"d.lease_owner IS NOT NULL", &DeliveryToChange::leased},
     {"d.due_at", &DeliveryToChange::due_at_ms},
     {"EXISTS (SELECT 1 FROM notifications n WHERE n.seq = d.notification AND n.envelope <> '')",
      &DeliveryToChange::has_content},
     {"d.notification", &DeliveryToChange::notification},
     {"d.handler", &DeliveryToChange::handler},
     {"d.ordering_key", &DeliveryToChange::ordering_key}}};

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

const Query<DeliveryRecord> kDeliveriesOf{
    "SELECT {columns} FROM deliveries d WHERE d.notification = $1 ORDER BY d.seq",
    kDeliveryColumns};

const Query<DeliveryRecord> kDeliveryById{"SELECT {columns} " COUPONHOOK_LISTED " AND d.seq = $1",
                                          kDeliveryColumns, kNotificationOfDelivery};

const Query<AttemptOfDelivery> kAttemptsOf{
    "SELECT {columns} FROM deliveries d CROSS JOIN delivery_attempts a"
    " WHERE d.notification = $1 AND a.delivery = d.seq ORDER BY a.delivery, a.attempt",
    {{"a.delivery", &AttemptOfDelivery::delivery_id},
     {"a.attempt", &AttemptOfDelivery::attempt},
     {"a.began_at", &AttemptOfDelivery::began_at_ms},
     {"a.ended_at", &AttemptOfDelivery::ended_at_ms},
     {"a.outcome", &AttemptOfDelivery::outcome},
     {"a.error", &AttemptOfDelivery::error}}};

const Statement kDeliveryFloor{
    "SELECT seq FROM deliveries WHERE seq < $1 ORDER BY seq DESC LIMIT 1 OFFSET $2"};

const Query<DeliveryRecord> kListDeliveries{
    "SELECT {columns} " COUPONHOOK_LISTED
    " AND d.seq < $1 AND d.seq >= $2 AND ($3 = '' OR d.state = $3)"
    " AND ($4 = '' OR d.handler = $4)"
    " AND ($5 = '' OR n.event_type = $5)"
    " AND ($6 = '' OR n.mchid = $6)"
    " AND ($7 = '' OR replace(d.last_error, $7, '') <> d.last_error)"
    " AND d.created_at >= $8 AND d.created_at < $9"
    " ORDER BY d.seq DESC LIMIT $10",
    kDeliveryColumns, kNotificationOfDelivery};

const Statement kUndoneFloor{
    "SELECT seq FROM deliveries WHERE state = $1 AND state <> 'done' AND seq < $2"
    " ORDER BY seq DESC LIMIT 1 OFFSET $3"};

const Query<DeliveryRecord> kListUndone{
    "SELECT {columns} " COUPONHOOK_LISTED
    " AND d.state = $1 AND d.state <> 'done' AND d.seq < $2"
    " AND d.seq >= $3 AND ($4 = '' OR d.handler = $4)"
    " AND ($5 = '' OR n.event_type = $5)"
    " AND ($6 = '' OR n.mchid = $6)"
    " AND ($7 = '' OR replace(d.last_error, $7, '') <> d.last_error)"
    " AND d.created_at >= $8 AND d.created_at < $9"
    " ORDER BY d.seq DESC LIMIT $10",
    kDeliveryColumns, kNotificationOfDelivery};

}  // namespace couponhook::storage::sql
