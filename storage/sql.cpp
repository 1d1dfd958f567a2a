#include "storage/sql.hpp"

#include <array>

#include "storage/dialect.hpp"

// Condition that is true for an unreadable notification. The text in the condition must equal
// flaw::kUnreadable. The test for NULL lets the database use the partial index on notifications
// that have a flaw (an error in their content).
#define COUPONHOOK_IS_UNREADABLE "(n.flaw IS NOT NULL AND substr(n.flaw, 1, 12) = 'unreadable: ')"

// Shared parts of SQL statements are macros, because only string literals can be joined into a
// constant.
#define COUPONHOOK_NOTIFICATION_STATE                                          \
  "(CASE WHEN EXISTS (SELECT 1 FROM deliveries d WHERE d.notification = n.seq" \
  " AND d.state IN ('pending', 'retrying')) THEN 'received'"                   \
  " WHEN EXISTS (SELECT 1 FROM deliveries d WHERE d.notification = n.seq"      \
  " AND d.state = 'dead') THEN 'dead'"                                         \
  " WHEN " COUPONHOOK_IS_UNREADABLE " THEN 'unreadable' ELSE 'done' END)"

namespace couponhook::storage::sql {
namespace {

constexpr auto kNotificationColumns =
    columns<NotificationRecord>({{"n.seq", &NotificationRecord::sequence},
                                 {"n.id", &NotificationRecord::id},
                                 {"n.mchid", &NotificationRecord::mchid},
                                 {"n.event_type", &NotificationRecord::event_type},
                                 {COUPONHOOK_NOTIFICATION_STATE, &NotificationRecord::state},
                                 {"n.create_time", &NotificationRecord::create_time},
                                 {"n.received_at", &NotificationRecord::received_at_ms},
                                 {"n.last_seen_at", &NotificationRecord::last_seen_at_ms},
                                 {"n.times_seen", &NotificationRecord::times_seen},
                                 {"n.source", &NotificationRecord::source},
                                 {"n.envelope", &NotificationRecord::envelope},
                                 {"(SELECT count(*) FROM conflicts c WHERE c.notification = n.seq)",
                                  &NotificationRecord::conflicts},
                                 {"n.flaw", &NotificationRecord::flaw}});

// State and source are the same for all quarantined bodies.
constexpr auto kQuarantineColumns =
    columns<NotificationRecord>({{"seq", &NotificationRecord::sequence},
                                 {"id", &NotificationRecord::id},
                                 {"mchid", &NotificationRecord::mchid},
                                 {"event_type", &NotificationRecord::event_type},
                                 {"'quarantined'", &NotificationRecord::state},
                                 {"received_at", &NotificationRecord::received_at_ms},
                                 {"last_seen_at", &NotificationRecord::last_seen_at_ms},
                                 {"times_seen", &NotificationRecord::times_seen},
                                 {"'notification'", &NotificationRecord::source},
                                 {"reason", &NotificationRecord::quarantine_reason},
                                 {"detail", &NotificationRecord::quarantine_detail}});

constexpr auto kOriginColumns =
    columns<FactOrigin>({{"notification_id", &FactOrigin::notification_id},
                         {"mchid", &FactOrigin::mchid},
                         {"source", &FactOrigin::source}});

constexpr auto kFactColumns = columns<LedgerFact>({{"kind", &LedgerFact::kind},
                                                   {"stock_id", &LedgerFact::stock_id},
                                                   {"coupon", &LedgerFact::coupon},
                                                   {"transaction_id", &LedgerFact::transaction_id},
                                                   {"business_key", &LedgerFact::business_key},
                                                   {"occurred_at", &LedgerFact::occurred_at}});

constexpr auto kReportedFactColumns =
    columns<ReportedFact>({{"kind", &ReportedFact::kind},
                           {"stock_id", &ReportedFact::stock_id},
                           {"coupon", &ReportedFact::coupon},
                           {"transaction_id", &ReportedFact::transaction_id},
                           {"business_key", &ReportedFact::business_key},
                           {"occurred_at", &ReportedFact::occurred_at},
                           {"mchid", &ReportedFact::mchid},
                           {"notification_id", &ReportedFact::notification_id},
                           {"source", &ReportedFact::source},
                           {"out_refund_no", &ReportedFact::out_refund_no},
                           {"amount_total", &ReportedFact::amount_total},
                           {"amount_refund", &ReportedFact::amount_refund},
                           {"amount_payer_total", &ReportedFact::amount_payer_total},
                           {"amount_payer_refund", &ReportedFact::amount_payer_refund},
                           {"share_amount", &ReportedFact::share_amount},
                           {"share_refund_amount", &ReportedFact::share_refund_amount}});

}  // namespace

const Statement kInsertNotification{
    "INSERT INTO notifications (id, mchid, event_type, create_time, received_at,"
    " last_seen_at, times_seen, source, digest, envelope, resource, flaw)"
    " VALUES ($1, $2, $3, $4, $5, $5, 1, $6, $7, $8, $9, $10)"
    " ON CONFLICT (id, mchid) DO NOTHING RETURNING seq"};

const Statement kCountCopy{
    "UPDATE notifications SET times_seen = times_seen + 1, last_seen_at = $1"
    " WHERE id = $2 AND mchid = $3"};

// The stored notification is read by a statement of its own, because in SQLite that costs less than
// a RETURNING clause on the UPDATE that counts the copy.
const Query<FirstOfCopy> kFirstOfCopy{
    "SELECT {columns} FROM notifications WHERE id = $1 AND mchid = $2",
    {{"seq", &FirstOfCopy::sequence}, {"digest", &FirstOfCopy::digest}}};

const Statement kInsertConflict{
    "INSERT INTO conflicts (notification, digest, resource, received_at)"
    " VALUES ($1, $2, $3, $4)"
    " ON CONFLICT (notification, digest) DO NOTHING RETURNING notification"};

const Statement kKeepQuarantined{
    "INSERT INTO quarantine (body_digest, mchid, reason, detail, id, event_type, headers, body,"
    " received_at, last_seen_at, times_seen)"
    " VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $9, 1)"
    " ON CONFLICT (body_digest) DO UPDATE SET last_seen_at = excluded.last_seen_at,"
    " times_seen = quarantine.times_seen + 1 RETURNING times_seen"};

const Statement kInsertCouponFact{
    "INSERT INTO coupon_history (stock_id, coupon, kind, business_key, transaction_id,"
    " occurred_at, mchid, notification_id, source)"
    " VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)"
    " ON CONFLICT (stock_id, coupon, kind, business_key) DO NOTHING"};

// Condition that is true if the amounts of a new report of a refund replace those of the row. The
// amounts of one row always come from one report.
#define COUPONHOOK_HAS_BETTER_AMOUNTS                                             \
  "(excluded.amount_refund IS NOT NULL AND (refunds.amount_refund IS NULL"        \
  " OR (excluded.amount_refund, excluded.amount_payer_refund,"                    \
  " excluded.amount_total, excluded.amount_payer_total)"                          \
  " < (refunds.amount_refund, refunds.amount_payer_refund, refunds.amount_total," \
  " refunds.amount_payer_total)))"
#define COUPONHOOK_BETTER_AMOUNT(column)                                        \
  column " = CASE WHEN " COUPONHOOK_HAS_BETTER_AMOUNTS " THEN excluded." column \
         " ELSE refunds." column " END"
#define COUPONHOOK_HAS_BETTER_NUMBER                                       \
  "(excluded.out_refund_no IS NOT NULL AND (refunds.out_refund_no IS NULL" \
  " OR excluded.out_refund_no < refunds.out_refund_no))"

const Statement kInsertRefund{
    "INSERT INTO refunds (transaction_id, business_key, occurred_at, mchid, notification_id,"
    " source, out_refund_no, amount_total, amount_refund, amount_payer_total, amount_payer_refund)"
    " VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)"
    " ON CONFLICT (transaction_id, business_key) DO UPDATE SET"
    " out_refund_no = CASE WHEN " COUPONHOOK_HAS_BETTER_NUMBER
    " THEN excluded.out_refund_no ELSE refunds.out_refund_no END,"
    " " COUPONHOOK_BETTER_AMOUNT("amount_total") ", " COUPONHOOK_BETTER_AMOUNT("amount_refund") ","
    " " COUPONHOOK_BETTER_AMOUNT("amount_payer_total") ","
    " " COUPONHOOK_BETTER_AMOUNT("amount_payer_refund")
    " WHERE " COUPONHOOK_HAS_BETTER_AMOUNTS " OR " COUPONHOOK_HAS_BETTER_NUMBER};

const Statement kInsertRefundShare{
    "INSERT INTO refund_shares (coupon, amount, refund_amount, refund, transaction_id)"
    " SELECT CAST($1 AS TEXT), CAST($2 AS BIGINT), CAST($3 AS BIGINT), seq, transaction_id"
    " FROM refunds WHERE transaction_id = $4 AND business_key = $5"
    " ON CONFLICT (refund, coupon) DO UPDATE SET amount = excluded.amount,"
    " refund_amount = excluded.refund_amount"
    " WHERE (excluded.refund_amount, excluded.amount)"
    " < (refund_shares.refund_amount, refund_shares.amount)"};

const Statement kInsertOpenid{
    "INSERT INTO notification_openids (seq, openid_digest) VALUES ($1, $2)"};

const Query<FactOrigin> kOriginOfCouponFact{
    "SELECT {columns} FROM coupon_history"
    " WHERE stock_id = $1 AND coupon = $2 AND kind = $3 AND business_key = $4",
    kOriginColumns};

const Query<FactOrigin> kOriginOfRefund{
    "SELECT {columns} FROM refunds WHERE transaction_id = $1 AND business_key = $2",
    kOriginColumns};

const Statement kInsertDelivery{
    "INSERT INTO deliveries (notification, handler, state, attempts, attempts_before, due_at,"
    " created_at, lane, ordering_key, fence, last_error)"
    " VALUES ($1, $2, 'pending', 0, 0, $3, $3, $4, $5, 0, '')"};

const Statement kAddToCounter{
    "INSERT INTO counters (name, slot, value) VALUES ($1, $2, $3)"
    " ON CONFLICT (name, slot) DO UPDATE SET value = counters.value + excluded.value"};

const Statement kCounterNames{"SELECT name FROM counters WHERE slot = $1"};

const Statement kBeat{
    "INSERT INTO heartbeat (slot, beat_at, padding) VALUES ($1, $2, $3)"
    " ON CONFLICT (slot) DO UPDATE SET beat_at = excluded.beat_at, padding = excluded.padding"};

// The sum is cast to BIGINT because PostgreSQL returns the sum of BIGINT values as NUMERIC.
const Query<Total> kTotals{"SELECT {columns} FROM counters GROUP BY name ORDER BY name",
                           {{"name", &Total::name}, {"CAST(sum(value) AS BIGINT)", &Total::value}}};

const Statement kCountSealed{"SELECT count(*) FROM (SELECT seq FROM quarantine LIMIT $1) q"};

const Statement kCountUnreadable{
    "SELECT count(*) FROM (SELECT flaw FROM notifications WHERE flaw IS NOT NULL LIMIT $1) n"
    " WHERE " COUPONHOOK_IS_UNREADABLE};

// Corrects a stored total to the number of rows in the table. The statement sees the rows and the
// total as they were at the same time. A transaction that commits later changes both by the same
// number, so the correction stays right.
#define COUPONHOOK_CORRECT_TOTAL(rows)                                                    \
  "INSERT INTO counters (name, slot, value) SELECT CAST($1 AS TEXT), CAST($2 AS BIGINT)," \
  " (SELECT count(*) FROM " rows                                                          \
  ") - (SELECT CAST(coalesce(sum(c.value), 0)"                                            \
  " AS BIGINT) FROM counters c WHERE c.name = $1) WHERE 1 = 1"                            \
  " ON CONFLICT (name, slot) DO UPDATE SET value = counters.value + excluded.value"

const Statement kCorrectSealed{COUPONHOOK_CORRECT_TOTAL("quarantine")};

const Statement kCorrectUnreadable{
    COUPONHOOK_CORRECT_TOTAL("notifications n WHERE " COUPONHOOK_IS_UNREADABLE)};

const Statement kUndoneHandlers{
    "SELECT DISTINCT few_undone.handler FROM (SELECT handler FROM deliveries"
    " WHERE state <> 'done' AND state IN ('pending', 'retrying', 'dead') LIMIT $1) few_undone"};

const Statement kCorrectDeliveries{COUPONHOOK_CORRECT_TOTAL(
    "deliveries d WHERE d.state <> 'done' AND d.state = $3 AND d.handler = $4")};

const Statement kLastReceived{"SELECT received_at FROM notifications ORDER BY seq DESC LIMIT 1"};

const Statement kOldestOpenDelivery{
    "SELECT created_at FROM deliveries WHERE seq ="
    " (SELECT min(seq) FROM deliveries WHERE state = 'pending' AND state <> 'done')"
    " UNION ALL SELECT created_at FROM deliveries WHERE seq ="
    " (SELECT min(seq) FROM deliveries WHERE state = 'retrying' AND state <> 'done')"};

const Query<NotificationRecord> kNotificationById{
    "SELECT {columns} FROM notifications n WHERE n.id = $1 AND ($2 = '' OR n.mchid = $2)"
    " ORDER BY n.seq DESC LIMIT 1",
    kNotificationColumns,
    {{"n.resource", &NotificationRecord::resource}}};

const Query<NotificationRecord> kSearchNotifications{
    "SELECT {columns} FROM notifications n WHERE n.id = $1 ORDER BY n.seq DESC LIMIT $2",
    kNotificationColumns,
    {{"n.resource", &NotificationRecord::resource}}};

const Query<NotificationRecord> kSearchOpenid{
    "SELECT {columns} FROM notification_openids o JOIN notifications n ON n.seq = o.seq"
    " WHERE o.openid_digest = $1 AND o.seq < $2 ORDER BY o.seq DESC LIMIT $3",
    kNotificationColumns,
    {{"n.resource", &NotificationRecord::resource}}};

const Statement kResourceOf{"SELECT resource FROM notifications WHERE seq = $1"};

const Statement kNotificationFloor{
    "SELECT seq FROM notifications WHERE seq < $1 ORDER BY seq DESC LIMIT 1 OFFSET $2"};

const Query<NotificationRecord> kListNotifications{
    "SELECT {columns} FROM notifications n WHERE n.seq < $1 AND n.seq >= $2"
    " AND ($3 = '' OR n.event_type = $3) AND ($4 = '' OR " COUPONHOOK_NOTIFICATION_STATE
    " = $4)"
    " AND ($5 = '' OR n.mchid = $5) AND n.received_at >= $6 AND n.received_at < $7"
    " ORDER BY n.seq DESC LIMIT $8",
    kNotificationColumns};

const Statement kFlawFloor{
    "SELECT seq FROM notifications WHERE flaw IS NOT NULL AND seq < $1"
    " ORDER BY seq DESC LIMIT 1 OFFSET $2"};

const Query<NotificationRecord> kListUnreadable{
    "SELECT {columns} FROM notifications n WHERE n.seq < $1 AND n.seq >= $2"
    " AND " COUPONHOOK_IS_UNREADABLE
    " AND ($3 = '' OR n.event_type = $3) AND ($4 = '' OR n.mchid = $4)"
    " AND n.received_at >= $5 AND n.received_at < $6 ORDER BY n.seq DESC LIMIT $7",
    kNotificationColumns};

const Query<NotificationRecord> kQuarantinedById{
    "SELECT {columns} FROM quarantine WHERE id = $1 AND ($2 = '' OR mchid = $2)"
    " ORDER BY seq DESC LIMIT 1",
    kQuarantineColumns};

const Query<SealedBody> kSealedById{"SELECT {columns} FROM quarantine WHERE seq = $1",
                                    {{"mchid", &SealedBody::mchid},
                                     {"headers", &SealedBody::headers},
                                     {"body", &SealedBody::body},
                                     {"received_at", &SealedBody::received_at_ms},
                                     {"body_digest", &SealedBody::body_digest}}};

const Statement kLeaveQuarantine{
    "DELETE FROM quarantine WHERE seq = $1 AND body_digest = $2 RETURNING seq"};

const Query<NotificationToRead> kNotificationToRead{
    "SELECT {columns} FROM notifications WHERE id = $1 AND mchid = $2 " COUPONHOOK_FOR_UPDATE,
    {{"seq", &NotificationToRead::sequence},
     {"flaw", &NotificationToRead::flaw},
     {"received_at", &NotificationToRead::received_at_ms}}};

const Statement kNoteFlaw{"UPDATE notifications SET flaw = $1 WHERE seq = $2"};

const Statement kQuarantineFloor{
    "SELECT seq FROM quarantine WHERE seq < $1 ORDER BY seq DESC LIMIT 1 OFFSET $2"};

const Query<NotificationRecord> kListQuarantine{
    "SELECT {columns} FROM quarantine WHERE seq < $1 AND seq >= $2"
    " AND ($3 = '' OR event_type = $3) AND ($4 = '' OR mchid = $4)"
    " AND received_at >= $5 AND received_at < $6 ORDER BY seq DESC LIMIT $7",
    kQuarantineColumns};

const Statement kLastQuarantineNumber{"SELECT seq FROM quarantine ORDER BY seq DESC LIMIT 1"};

const Query<NotificationRecord> kArrivedNotifications{
    "SELECT {columns} FROM notifications n WHERE n.seq > $1 AND n.seq <= $2"
    " ORDER BY n.seq LIMIT $3",
    kNotificationColumns,
    {{"n.resource", &NotificationRecord::resource}}};

const Query<NotificationRecord> kArrivedQuarantined{
    "SELECT {columns} FROM quarantine WHERE seq > $1 AND seq <= $2 ORDER BY seq LIMIT $3",
    kQuarantineColumns};

const Statement kNotificationNumbers{
    "SELECT seq FROM notifications WHERE seq > $1 AND seq <= $2 ORDER BY seq DESC LIMIT $3"};

const Statement kQuarantineNumbers{
    "SELECT seq FROM quarantine WHERE seq > $1 AND seq <= $2 ORDER BY seq DESC LIMIT $3"};

// The two tables have different columns. The subqueries give both the same columns by name, so that
// both halves of the UNION have the same list of columns.
const Query<ReportedFact> kCouponFacts{
    "SELECT {columns} FROM (SELECT kind, stock_id, coupon, transaction_id, business_key,"
    " occurred_at, mchid, notification_id, source, CAST(NULL AS TEXT) AS out_refund_no,"
    " CAST(NULL AS BIGINT) AS amount_total, CAST(NULL AS BIGINT) AS amount_refund,"
    " CAST(NULL AS BIGINT) AS amount_payer_total, CAST(NULL AS BIGINT) AS amount_payer_refund,"
    " CAST(NULL AS BIGINT) AS share_amount, CAST(NULL AS BIGINT) AS share_refund_amount"
    " FROM coupon_history) c WHERE stock_id = $1 AND coupon = $2"
    " UNION ALL SELECT {columns} FROM (SELECT 'refund' AS kind, '' AS stock_id, '' AS coupon,"
    " transaction_id, business_key, occurred_at, mchid, notification_id, source, out_refund_no,"
    " amount_total, amount_refund, amount_payer_total, amount_payer_refund,"
    " (SELECT s.amount FROM refund_shares s WHERE s.refund = refunds.seq AND s.coupon = $2)"
    " AS share_amount,"
    " (SELECT s.refund_amount FROM refund_shares s WHERE s.refund = refunds.seq AND s.coupon = $2)"
    " AS share_refund_amount FROM refunds) r"
    " WHERE transaction_id IN (SELECT transaction_id FROM coupon_history"
    " WHERE stock_id = $1 AND coupon = $2 AND transaction_id <> ''"
    " UNION SELECT transaction_id FROM refund_shares WHERE coupon = $2)",
    kReportedFactColumns};

const Query<LedgerFact> kOwnCouponFacts{
    "SELECT {columns} FROM coupon_history WHERE stock_id = $1 AND coupon = $2", kFactColumns};

const Query<LedgerFact> kStockFacts{
    "SELECT {columns} FROM coupon_history"
    " WHERE stock_id = $1 AND kind = $2 AND (coupon, business_key) > ($3, $4)"
    " ORDER BY coupon, business_key LIMIT $5",
    kFactColumns};

const Query<LedgerFact> kRefundsOf{"SELECT {columns} FROM refunds WHERE transaction_id = $1",
                                   {{"'refund'", &LedgerFact::kind},
                                    {"transaction_id", &LedgerFact::transaction_id},
                                    {"business_key", &LedgerFact::business_key},
                                    {"occurred_at", &LedgerFact::occurred_at},
                                    {"out_refund_no", &LedgerFact::out_refund_no},
                                    {"amount_total", &LedgerFact::amount_total},
                                    {"amount_refund", &LedgerFact::amount_refund},
                                    {"amount_payer_total", &LedgerFact::amount_payer_total},
                                    {"amount_payer_refund", &LedgerFact::amount_payer_refund}}};

const Query<ShareOfRefund> kSharesOf{
    "SELECT {columns} FROM refunds r JOIN refund_shares s ON s.refund = r.seq"
    " WHERE r.transaction_id = $1 ORDER BY r.business_key, s.coupon",
    {{"r.business_key", &ShareOfRefund::business_key},
     {"s.coupon", &ShareOfRefund::coupon},
     {"s.amount", &ShareOfRefund::amount},
     {"s.refund_amount", &ShareOfRefund::refund_amount}}};

const Statement kInsertAudit{
    "INSERT INTO audit_log (recorded_at, actor, origin, action, target, reason, result)"
    " VALUES ($1, $2, $3, $4, $5, $6, $7)"};

const Query<AuditRecord> kListAudit{
    "SELECT {columns} FROM audit_log WHERE seq < $1 ORDER BY seq DESC LIMIT $2",
    {{"seq", &AuditRecord::sequence},
     {"recorded_at", &AuditRecord::at_ms},
     {"actor", &AuditRecord::by},
     {"origin", &AuditRecord::from},
     {"action", &AuditRecord::action},
     {"target", &AuditRecord::target},
     {"reason", &AuditRecord::reason},
     {"result", &AuditRecord::result}}};

const Query<SchemaVersion> kSchemaVersion{
    "SELECT {columns} FROM couponhook_schema ORDER BY version DESC LIMIT 1",
    {{"version", &SchemaVersion::version}, {"works_with", &SchemaVersion::works_with}}};

const Statement kRecordMigration{
    "INSERT INTO couponhook_schema (version, applied_at, works_with) VALUES ($1, $2, $3)"};

std::span<const Statement* const> all() {
  static constexpr auto kAll = std::to_array<const Statement*>({&kInsertNotification,
                                                                &kCountCopy,
                                                                &kFirstOfCopy,
                                                                &kInsertConflict,
                                                                &kKeepQuarantined,
                                                                &kInsertCouponFact,
                                                                &kInsertRefund,
                                                                &kInsertRefundShare,
                                                                &kInsertOpenid,
                                                                &kOriginOfCouponFact,
                                                                &kOriginOfRefund,
                                                                &kInsertDelivery,
                                                                &kAddToCounter,
                                                                &kCounterNames,
                                                                &kBeat,
                                                                &kInsertLeasedDelivery,
                                                                &kOpenLane,
                                                                &kPauses,
                                                                &kUnpark,
                                                                &kDropPause,
                                                                &kDueDeliveries,
                                                                &kDeliveriesToClaim,
                                                                &kContent,
                                                                &kStillOpen,
                                                                &kPark,
                                                                &kTake,
                                                                &kInherit,
                                                                &kHeldDelivery,
                                                                &kReport,
                                                                &kPromote,
                                                                &kRecordAttempt,
                                                                &kRenew,
                                                                &kGiveBack,
                                                                &kBegin,
                                                                &kPostpone,
                                                                &kNextDue,
                                                                &kDeliveryToChange,
                                                                &kRetryNow,
                                                                &kLockNotification,
                                                                &kDeliveryTo,
                                                                &kMove,
                                                                &kSkip,
                                                                &kInsertPause,
                                                                &kResume,
                                                                &kDeliveryById,
                                                                &kAttemptsOf,
                                                                &kDeliveryFloor,
                                                                &kListDeliveries,
                                                                &kUndoneFloor,
                                                                &kListUndone,
                                                                &kTotals,
                                                                &kCountSealed,
                                                                &kCountUnreadable,
                                                                &kCorrectSealed,
                                                                &kCorrectUnreadable,
                                                                &kUndoneHandlers,
                                                                &kCorrectDeliveries,
                                                                &kLastReceived,
                                                                &kOldestOpenDelivery,
                                                                &kNotificationById,
                                                                &kResourceOf,
                                                                &kDeliveriesOf,
                                                                &kNextDueHandler,
                                                                &kParkedHandlers,
                                                                &kOpenOfHandler,
                                                                &kFlawFloor,
                                                                &kListUnreadable,
                                                                &kNotificationToRead,
                                                                &kNoteFlaw,
                                                                &kNotificationFloor,
                                                                &kListNotifications,
                                                                &kLastQuarantineNumber,
                                                                &kArrivedNotifications,
                                                                &kArrivedQuarantined,
                                                                &kNotificationNumbers,
                                                                &kQuarantineNumbers,
                                                                &kQuarantinedById,
                                                                &kSealedById,
                                                                &kLeaveQuarantine,
                                                                &kQuarantineFloor,
                                                                &kListQuarantine,
                                                                &kCouponFacts,
                                                                &kOwnCouponFacts,
                                                                &kStockFacts,
                                                                &kRefundsOf,
                                                                &kSharesOf,
                                                                &kInsertAudit,
                                                                &kListAudit,
                                                                &kSchemaVersion,
                                                                &kRecordMigration});
  return kAll;
}

}  // namespace couponhook::storage::sql
