#include "storage/retention/purge_sql.hpp"

#include <array>

#include "storage/dialect.hpp"

#define COUPONHOOK_OPEN_DELIVERIES_OF(seq) \
  "FROM deliveries d WHERE d.notification = " seq " AND d.state NOT IN ('done', 'skipped')"

namespace couponhook::storage::sql {
namespace {

// Each expression has a value also for a notification that is gone.
constexpr auto kLookedAt = columns<PurgeCandidate>(
    {{"coalesce(n.received_at, 0)", &PurgeCandidate::received_at_ms},
     {"CASE WHEN length(n.resource) > 0 OR length(n.envelope) > 0 THEN 1 ELSE 0 END",
      &PurgeCandidate::has_payload},
     // Counted, not EXISTS: PostgreSQL may answer an EXISTS in a list of columns from a hash of all
     // open deliveries, which it then builds for each scan of a few rows.
     {"(SELECT count(*) " COUPONHOOK_OPEN_DELIVERIES_OF("n.seq") ") > 0",
      &PurgeCandidate::is_open}});

constexpr auto kSeenTimes = columns<SeenTimes>(
    {{"received_at", &SeenTimes::received_at_ms}, {"last_seen_at", &SeenTimes::last_seen_at_ms}});

}  // namespace

const Statement kCursor{"SELECT seq FROM retention_cursors WHERE task = $1"};

// Records the last row that a purge task has handled. The recorded row number never becomes
// smaller, because another process may be purging too.
const Statement kMoveCursor{
    "INSERT INTO retention_cursors (task, seq) VALUES ($1, $2)"
    " ON CONFLICT (task) DO UPDATE SET seq = excluded.seq"
    " WHERE retention_cursors.seq < excluded.seq"};

const Statement kTakeLease{
    "INSERT INTO task_leases (task, owner, held_until) VALUES ($1, $2, $3)"
    " ON CONFLICT (task) DO UPDATE SET owner = excluded.owner, held_until = excluded.held_until"
    " WHERE task_leases.held_until < $4 OR task_leases.owner = excluded.owner RETURNING task"};

const Statement kEndLease{"DELETE FROM task_leases WHERE task = $1 AND owner = $2"};

const Statement kNewestNotification{"SELECT seq FROM notifications ORDER BY seq DESC LIMIT 1"};

const Statement kNextReceived{
    "SELECT received_at FROM notifications WHERE seq > $1 ORDER BY seq LIMIT 1"};

const Query<PurgeCandidate> kScanNotifications{
    "SELECT {columns} FROM notifications n WHERE n.seq > $1 ORDER BY n.seq LIMIT $2",
    kLookedAt,
    {{"n.seq", &PurgeCandidate::sequence}}};

const Query<PurgeCandidate> kScanHeld{
    "SELECT {columns} FROM retention_held h LEFT JOIN notifications n ON n.seq = h.notification"
    " WHERE h.notification > $1 ORDER BY h.notification LIMIT $2",
    kLookedAt,
    {{"h.notification", &PurgeCandidate::sequence}}};

const Query<RowTime> kScanQuarantine{
    "SELECT {columns} FROM quarantine WHERE seq > $1 ORDER BY seq LIMIT $2",
    {{"seq", &RowTime::sequence}, {"received_at", &RowTime::time_ms}}};

const Statement kHoldOpen{
    "INSERT INTO retention_held (notification) SELECT n.seq FROM notifications n"
    " WHERE n.seq > $1 AND n.seq <= $2"
    " AND EXISTS (SELECT 1 " COUPONHOOK_OPEN_DELIVERIES_OF("n.seq") ")"
    " ON CONFLICT (notification) DO NOTHING"};

// Removes a notification from the table retention_held (old notifications with open deliveries). If
// one of its deliveries was retried since the purge checked it, the table keeps the notification,
// and the purge checks it again.
const Statement kReleaseHeld{
    "DELETE FROM retention_held WHERE notification = $1"
    " AND NOT EXISTS (SELECT 1 " COUPONHOOK_OPEN_DELIVERIES_OF("retention_held.notification") ")"};

const Statement kLockEnded{
    "SELECT seq FROM deliveries WHERE notification > $1 AND notification <= $2"
    " AND state IN ('done', 'skipped') " COUPONHOOK_FOR_UPDATE};

const Statement kEmptyNotifications{
    "UPDATE notifications SET envelope = '', resource = $1 WHERE seq > $2 AND seq <= $3"
    " AND NOT EXISTS (SELECT 1 " COUPONHOOK_OPEN_DELIVERIES_OF("notifications.seq") ")"};

const Statement kEmptyConflicts{
    "UPDATE conflicts SET resource = $1 WHERE notification > $2 AND notification <= $3"
    " AND NOT EXISTS (SELECT 1 " COUPONHOOK_OPEN_DELIVERIES_OF("conflicts.notification") ")"};

const Statement kDeleteAttempts{
    "DELETE FROM delivery_attempts WHERE delivery IN (SELECT a.seq FROM deliveries a"
    " WHERE a.notification > $1 AND a.notification <= $2"
    " AND NOT EXISTS (SELECT 1 " COUPONHOOK_OPEN_DELIVERIES_OF("a.notification") "))"};

const Statement kDeleteDeliveries{
    "DELETE FROM deliveries WHERE notification > $1 AND notification <= $2"
    " AND NOT EXISTS (SELECT 1 " COUPONHOOK_OPEN_DELIVERIES_OF("deliveries.notification") ")"};

const Statement kDeleteFlawed{
    "DELETE FROM notifications WHERE flaw IS NOT NULL AND seq > $1 AND seq <= $2"
    " AND NOT EXISTS (SELECT 1 FROM deliveries d WHERE d.notification = notifications.seq)"
    " RETURNING flaw"};

const Statement kDeleteNotifications{
    "DELETE FROM notifications WHERE seq > $1 AND seq <= $2"
    " AND NOT EXISTS (SELECT 1 FROM deliveries d WHERE d.notification = notifications.seq)"};

// Deletes conflicts after their notifications were deleted. A transaction that inserts a conflict
// has locked the row of its notification, so the deletion of that notification waits for the
// transaction, and this statement then sees the new conflict.
const Statement kDeleteConflicts{
    "DELETE FROM conflicts WHERE notification > $1 AND notification <= $2"
    " AND NOT EXISTS (SELECT 1 FROM notifications n WHERE n.seq = conflicts.notification)"};

const Statement kDeleteOpenids{
    "DELETE FROM notification_openids WHERE seq > $1 AND seq <= $2"
    " AND NOT EXISTS (SELECT 1 FROM notifications n WHERE n.seq = notification_openids.seq)"};

const Statement kDeleteHistory{"DELETE FROM history WHERE step_s = $1 AND at_s < $2"};

// Tests the age of a quarantined body as well as its row number: in SQLite, a new body may get the
// number of a body that was deleted.
const Statement kDeleteQuarantine{
    "DELETE FROM quarantine WHERE seq <= $1 AND received_at < $2 RETURNING seq"};

const Query<SeenTimes> kNewestSeen{
    "SELECT {columns} FROM (SELECT received_at, last_seen_at, source"
    " FROM notifications ORDER BY seq DESC LIMIT 100) n WHERE n.source = $1",
    kSeenTimes};

const Query<SeenTimes> kNewestSealed{"SELECT {columns} FROM quarantine ORDER BY seq DESC LIMIT 20",
                                     kSeenTimes};

const Query<ClockMark> kClockMark{
    "SELECT {columns} FROM clock_marks WHERE boot = $1",
    {{"wall_at", &ClockMark::wall_ms}, {"steady_at", &ClockMark::steady_ms}}};

const Statement kMarkClock{
    "INSERT INTO clock_marks (boot, wall_at, steady_at) VALUES ($1, $2, $3)"
    " ON CONFLICT (boot) DO UPDATE SET wall_at = excluded.wall_at, steady_at = excluded.steady_at"};

const Statement kDeleteClockMarks{"DELETE FROM clock_marks WHERE wall_at < $1"};

const Statement kNewestLedgerMark{
    "SELECT marked_at FROM ledger_marks ORDER BY marked_at DESC LIMIT 1"};

const Statement kMarkLedger{
    "INSERT INTO ledger_marks (marked_at, coupon_history, refunds)"
    " SELECT CAST($1 AS BIGINT), (SELECT coalesce(max(seq), 0) FROM coupon_history),"
    " (SELECT coalesce(max(seq), 0) FROM refunds) WHERE 1 = 1 ON CONFLICT (marked_at) DO NOTHING"};

const Query<LedgerMark> kLedgerMarkBefore{
    "SELECT {columns} FROM ledger_marks WHERE marked_at < $1 ORDER BY marked_at DESC LIMIT 1",
    {{"coupon_history", &LedgerMark::coupon_history}, {"refunds", &LedgerMark::refunds}}};

// Keeps the last ledger mark (daily record of the highest row numbers of the ledger) before the
// cutoff time, because this mark says which rows of the ledger are older than that time.
const Statement kDeleteLedgerMarks{
    "DELETE FROM ledger_marks WHERE marked_at < (SELECT max(m.marked_at) FROM ledger_marks m"
    " WHERE m.marked_at < $1)"};

const Statement kScanCouponFacts{
    "SELECT seq FROM coupon_history WHERE seq > $1 AND seq <= $2"
    " AND seq < (SELECT max(seq) FROM coupon_history) ORDER BY seq LIMIT $3"};

const Statement kScanRefunds{
    "SELECT seq FROM refunds WHERE seq > $1 AND seq <= $2"
    " AND seq < (SELECT max(seq) FROM refunds) ORDER BY seq LIMIT $3"};

const Statement kDeleteCouponFacts{"DELETE FROM coupon_history WHERE seq > $1 AND seq <= $2"};

const Statement kDeleteRefunds{"DELETE FROM refunds WHERE seq > $1 AND seq <= $2"};

const Statement kDeleteRefundShares{"DELETE FROM refund_shares WHERE refund <= $1"};

const Query<RowTime> kScanAudit{
    "SELECT {columns} FROM audit_log WHERE seq > $1"
    " AND seq < (SELECT max(seq) FROM audit_log) ORDER BY seq LIMIT $2",
    {{"seq", &RowTime::sequence}, {"recorded_at", &RowTime::time_ms}}};

const Statement kDeleteAudit{"DELETE FROM audit_log WHERE seq > $1 AND seq <= $2"};

std::span<const Statement* const> purge_statements() {
  static constexpr auto kAll = std::to_array<const Statement*>({&kCursor,
                                                                &kMoveCursor,
                                                                &kTakeLease,
                                                                &kEndLease,
                                                                &kNewestNotification,
                                                                &kNextReceived,
                                                                &kScanNotifications,
                                                                &kScanHeld,
                                                                &kScanQuarantine,
                                                                &kHoldOpen,
                                                                &kReleaseHeld,
                                                                &kLockEnded,
                                                                &kNewestSeen,
                                                                &kNewestSealed,
                                                                &kClockMark,
                                                                &kMarkClock,
                                                                &kDeleteClockMarks,
                                                                &kEmptyNotifications,
                                                                &kEmptyConflicts,
                                                                &kDeleteAttempts,
                                                                &kDeleteDeliveries,
                                                                &kDeleteFlawed,
                                                                &kDeleteNotifications,
                                                                &kDeleteConflicts,
                                                                &kDeleteOpenids,
                                                                &kDeleteHistory,
                                                                &kDeleteQuarantine,
                                                                &kNewestLedgerMark,
                                                                &kMarkLedger,
                                                                &kLedgerMarkBefore,
                                                                &kDeleteLedgerMarks,
                                                                &kScanCouponFacts,
                                                                &kScanRefunds,
                                                                &kDeleteCouponFacts,
                                                                &kDeleteRefunds,
                                                                &kDeleteRefundShares,
                                                                &kScanAudit,
                                                                &kDeleteAudit});
  return kAll;
}

}  // namespace couponhook::storage::sql
