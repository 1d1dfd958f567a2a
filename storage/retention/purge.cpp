#include "storage/retention/purge.hpp"

#include <algorithm>
#include <array>
#include <utility>

#include "storage/counter_deltas.hpp"
#include "storage/dialect.hpp"
#include "storage/records.hpp"
#include "storage/retention/purge_sql.hpp"
#include "storage/rows.hpp"

namespace couponhook::storage {
namespace {

// Names of the purge tasks, under which the database records their progress. The database holds
// these strings: never rename them.
constexpr std::string_view kPayloads = "payloads";
constexpr std::string_view kIdentities = "identities";

constexpr Bytes kNothing{};
constexpr std::chrono::milliseconds kLedgerMarkInterval = std::chrono::days(1);

bool is_before(std::int64_t time_ms, const std::optional<std::int64_t>& cutoff_ms) {
  return cutoff_ms && time_ms < *cutoff_ms;
}

}  // namespace

Purge::Purge(Connection& connection, const PurgeCutoffs& cutoffs, PurgeMode mode, Now now)
    : connection_(connection), cutoffs_(cutoffs), mode_(mode), now_(std::move(now)) {}

Purge::Result<PurgeStep> Purge::step(std::int64_t rows_max) {
  held_ = {};
  Result<bool> more = false;
  switch (stage_) {
    case Stage::kHeld:
      more = step_held(rows_max);
      break;
    case Stage::kIdentities:
      more = step_identities(rows_max);
      break;
    case Stage::kPayloads:
      more = step_payloads(rows_max);
      break;
    case Stage::kQuarantine:
      more = step_quarantine(rows_max);
      break;
    case Stage::kFacts:
    case Stage::kRefunds:
      more = step_ledger(rows_max);
      break;
    case Stage::kAudit:
      more = step_audit(rows_max);
      break;
    case Stage::kDone:
      break;
  }
  if (!more) return more.error();
  if (!*more && stage_ != Stage::kDone) enter(static_cast<Stage>(static_cast<int>(stage_) + 1));
  return PurgeStep{.more = stage_ != Stage::kDone, .held = held_};
}

void Purge::enter(Stage stage) {
  stage_ = stage;
  stage_begun_ = false;
  position_ = 0;
}

PurgeProgress Purge::progress() const {
  const bool empties = stage_ == Stage::kPayloads;
  if (!empties && stage_ != Stage::kIdentities) return {};
  // Before a stage of the purge (one kind of data, such as notifications) has begun, start_ and
  // end_ still belong to the previous stage, so there is no progress to report.
  if (!stage_begun_ || end_ <= start_) return {};
  return {.doing = empties ? "emptied payloads" : "removed notifications",
          .done = static_cast<std::uint64_t>(std::min(position_, end_) - start_),
          .total = static_cast<std::uint64_t>(end_ - start_)};
}

Purge::Result<void> Purge::start_at_cursor(std::string_view task, std::int64_t cutoff_ms) {
  if (stage_begun_) return {};
  const std::array ask{Command(sql::kCursor, {task})};
  if (auto asked = connection_.run(ask, results_); !asked) return asked;
  const std::int64_t cursor = first_integer(results_[0]).value_or(0);
  position_ = start_ = std::max(cursor, identities_end_);
  const auto end = estimate_end(cutoff_ms);
  if (!end) return end.error();
  end_ = *end;
  stage_begun_ = true;
  return {};
}

/// \return the number of the last notification that was received before the cutoff time, found by
/// binary search. The number is an estimate for the progress report: it is exact unless a replica's
/// clock was wrong.
Purge::Result<std::int64_t> Purge::estimate_end(std::int64_t cutoff_ms) {
  const std::array ask_newest{Command(sql::kNewestNotification, {})};
  if (auto asked = connection_.run(ask_newest, results_); !asked) return asked.error();
  std::int64_t low = position_;
  std::int64_t high = first_integer(results_[0]).value_or(low);
  while (low < high) {
    const std::int64_t middle = low + (high - low) / 2;
    const std::array ask{Command(sql::kNextReceived, {middle})};
    if (auto asked = connection_.run(ask, results_); !asked) return asked.error();
    const auto received_at_ms = first_integer(results_[0]);
    if (received_at_ms && *received_at_ms < cutoff_ms) {
      low = middle + 1;
    } else {
      high = middle;
    }
  }
  return low;
}

/// Reads the next notifications to purge before the transaction begins, so that slow disk reads do
/// not make other commits wait.
Purge::Result<void> Purge::scan(const Query<PurgeCandidate>& query, std::int64_t rows_max) {
  const std::array ask{Command(query, {position_, rows_max}),
                       Command(sql::kNewestNotification, {})};
  if (auto asked = connection_.run(ask, results_); !asked) return asked;
  scanned_ = query.read_all(results_[0]);
  newest_ = first_integer(results_[1]).value_or(0);
  return {};
}

Purge::Result<bool> Purge::step_held(std::int64_t rows_max) {
  if (auto scanned = scan(sql::kScanHeld, rows_max); !scanned) return scanned.error();
  PurgeCounts freed;
  for (const PurgeCandidate& seen : scanned_) {
    if (seen.is_open) continue;
    const bool is_forgotten = is_before(seen.received_at_ms, cutoffs_.identity_ms);
    if (is_forgotten && seen.sequence != newest_) {
      append_removal(seen.sequence - 1, seen.sequence);
      ++freed.identities;
    } else if (is_before(seen.received_at_ms, cutoffs_.payload_ms)) {
      append_emptying(seen.sequence - 1, seen.sequence);
      if (seen.has_payload) ++freed.payloads;
      // The newest notification only loses its content now; a later pass of the purge removes it,
      // when it is no longer the newest.
      if (is_forgotten) continue;
    } else {
      continue;
    }
    commands_.push_back(Command(sql::kReleaseHeld, {seen.sequence}));
  }
  if (auto written = write(); !written) return written.error();
  counts_.identities += freed.identities;
  counts_.payloads += freed.payloads;
  if (!scanned_.empty()) position_ = scanned_.back().sequence;
  return std::ssize(scanned_) == rows_max;
}

Purge::Result<bool> Purge::step_identities(std::int64_t rows_max) {
  if (!cutoffs_.identity_ms) return false;
  if (auto started = start_at_cursor(kIdentities, *cutoffs_.identity_ms); !started) {
    return started.error();
  }
  if (auto scanned = scan(sql::kScanNotifications, rows_max); !scanned) return scanned.error();
  const auto stays = [this](const PurgeCandidate& seen) {
    return !is_before(seen.received_at_ms, cutoffs_.identity_ms) || seen.sequence == newest_;
  };
  const auto end = std::ranges::find_if(scanned_, stays);
  const bool more = end == scanned_.end() && std::ssize(scanned_) == rows_max;
  if (end != scanned_.begin()) {
    const std::int64_t to = std::prev(end)->sequence;
    append_removal(position_, to);
    commands_.push_back(Command(sql::kMoveCursor, {kIdentities, to}));
    if (auto written = write(); !written) return written.error();
    counts_.identities += std::count_if(scanned_.begin(), end,
                                        [](const PurgeCandidate& seen) { return !seen.is_open; });
    position_ = to;
  }
  identities_end_ = position_;
  return more;
}

Purge::Result<bool> Purge::step_payloads(std::int64_t rows_max) {
  if (!cutoffs_.payload_ms) return false;
  if (auto started = start_at_cursor(kPayloads, *cutoffs_.payload_ms); !started) {
    return started.error();
  }
  if (auto scanned = scan(sql::kScanNotifications, rows_max); !scanned) return scanned.error();
  const auto end = std::ranges::find_if(scanned_, [this](const PurgeCandidate& seen) {
    return !is_before(seen.received_at_ms, cutoffs_.payload_ms);
  });
  const bool more = end == scanned_.end() && std::ssize(scanned_) == rows_max;
  if (end == scanned_.begin()) return false;
  const std::int64_t to = std::prev(end)->sequence;
  append_emptying(position_, to);
  commands_.push_back(Command(sql::kMoveCursor, {kPayloads, to}));
  if (auto written = write(); !written) return written.error();
  counts_.payloads += std::count_if(scanned_.begin(), end, [](const PurgeCandidate& seen) {
    return seen.has_payload && !seen.is_open;
  });
  position_ = to;
  return more;
}

/// Reads the next rows of the quarantine or of the audit log, up to the first that is not old.
Purge::Result<Purge::OldRows> Purge::scan_old(const Query<RowTime>& query, std::int64_t cutoff_ms,
                                              std::int64_t rows_max) {
  const std::array ask{Command(query, {position_, rows_max})};
  if (auto asked = connection_.run(ask, results_); !asked) return asked.error();
  OldRows old{.rows = 0, .to = position_};
  for (const RowTime& row : query.read_all(results_[0])) {
    if (!is_before(row.time_ms, cutoff_ms)) break;
    old.to = row.sequence;
    ++old.rows;
  }
  return old;
}

Purge::Result<bool> Purge::step_quarantine(std::int64_t rows_max) {
  if (!cutoffs_.quarantine_ms) return false;
  const auto old = scan_old(sql::kScanQuarantine, *cutoffs_.quarantine_ms, rows_max);
  if (!old) return old.error();
  if (old->rows == 0) return false;
  append_counted(counter::kSealed,
                 Command(sql::kDeleteQuarantine, {old->to, *cutoffs_.quarantine_ms}));
  if (auto written = write(); !written) return written.error();
  counts_.quarantined += old->rows;
  position_ = old->to;
  return old->rows == rows_max;
}

bool Purge::holds_up_writers() const {
  return dialect_of(connection_.engine()).one_writer;
}

Purge::Result<void> Purge::mark_ledger(std::int64_t now_ms) {
  const std::array ask{Command(sql::kNewestLedgerMark, {})};
  if (auto asked = connection_.run(ask, results_); !asked) return asked;
  const auto newest_ms = first_integer(results_[0]);
  const bool is_marked = newest_ms && *newest_ms > now_ms - kLedgerMarkInterval.count();
  if (is_marked || mode_ == PurgeMode::kCount) return {};
  commands_.push_back(Command(sql::kMarkLedger, {now_ms}));
  return write();
}

Purge::Result<bool> Purge::step_ledger(std::int64_t rows_max) {
  if (!cutoffs_.ledger_ms) return false;
  const bool refunds = stage_ == Stage::kRefunds;
  if (!stage_begun_) {
    const std::array ask{Command(sql::kLedgerMarkBefore, {*cutoffs_.ledger_ms})};
    if (auto asked = connection_.run(ask, results_); !asked) return asked.error();
    const auto mark = sql::kLedgerMarkBefore.read_first(results_[0]).value_or(LedgerMark());
    end_ = refunds ? mark.refunds : mark.coupon_history;
    stage_begun_ = true;
  }
  const std::array ask{
      Command(refunds ? sql::kScanRefunds : sql::kScanCouponFacts, {position_, end_, rows_max})};
  if (auto asked = connection_.run(ask, results_); !asked) return asked.error();
  const std::int64_t found = std::ssize(results_[0]);
  if (found == 0) return false;
  const std::int64_t to = integer(only_field(results_[0].back()));
  commands_.push_back(
      Command(refunds ? sql::kDeleteRefunds : sql::kDeleteCouponFacts, {position_, to}));
  if (refunds) commands_.push_back(Command(sql::kDeleteRefundShares, {to}));
  commands_.push_back(Command(sql::kDeleteLedgerMarks, {*cutoffs_.ledger_ms}));
  if (auto written = write(); !written) return written.error();
  counts_.facts += found;
  position_ = to;
  return found == rows_max;
}

Purge::Result<bool> Purge::step_audit(std::int64_t rows_max) {
  if (!cutoffs_.audit_ms) return false;
  const auto old = scan_old(sql::kScanAudit, *cutoffs_.audit_ms, rows_max);
  if (!old) return old.error();
  if (old->rows == 0) return false;
  commands_.push_back(Command(sql::kDeleteAudit, {position_, old->to}));
  if (auto written = write(); !written) return written.error();
  counts_.actions += old->rows;
  position_ = old->to;
  return old->rows == rows_max;
}

void Purge::append_removal(std::int64_t after, std::int64_t to) {
  for (const Statement* statement :
       {&sql::kLockEnded, &sql::kHoldOpen, &sql::kDeleteAttempts, &sql::kDeleteDeliveries}) {
    commands_.push_back(Command(*statement, {after, to}));
  }
  append_counted(counter::kUnreadable, Command(sql::kDeleteFlawed, {after, to}));
  commands_.push_back(Command(sql::kDeleteNotifications, {after, to}));
  commands_.push_back(Command(sql::kDeleteConflicts, {after, to}));
  commands_.push_back(Command(sql::kDeleteOpenids, {after, to}));
}

/// Appends a DELETE statement whose number of deleted rows must be subtracted from a stored total,
/// for example from the total of quarantined bodies.
void Purge::append_counted(std::string_view total, const Command& removal) {
  counted_.push_back({commands_.size(), total});
  commands_.push_back(removal);
}

/// \return how many of the rows that a DELETE statement removed had been counted in the stored
/// total `total`.
std::int64_t Purge::removed(std::string_view total, const Rows& rows) {
  if (total != counter::kUnreadable) return std::ssize(rows);
  return std::ranges::count_if(rows, [](const Row& row) {
    return std::get<std::string>(only_field(row)).starts_with(flaw::kUnreadable);
  });
}

void Purge::append_emptying(std::int64_t after, std::int64_t to) {
  commands_.push_back(Command(sql::kLockEnded, {after, to}));
  commands_.push_back(Command(sql::kHoldOpen, {after, to}));
  commands_.push_back(Command(sql::kEmptyNotifications, {kNothing, after, to}));
  commands_.push_back(Command(sql::kEmptyConflicts, {kNothing, after, to}));
}

Purge::Result<void> Purge::write() {
  const std::vector<Command> commands = std::exchange(commands_, {});
  const std::vector<Counted> counted = std::exchange(counted_, {});
  if (mode_ == PurgeMode::kCount || commands.empty()) return {};
  // Commits of the purge do not wait for the disk, because other writers would have to wait too.
  if (auto set = connection_.commit_without_waiting(); !set) return set;
  if (auto begun = connection_.begin(); !begun) return begun;
  const auto begun_at = now_();
  auto written = connection_.run(commands, results_);
  if (written) {
    CounterDeltas totals;
    for (const Counted& each : counted) {
      totals.add(each.total, -removed(each.total, results_[each.position]));
    }
    std::vector<Command> corrections;
    totals.append_commands(connection_.counter_slot(), corrections);
    if (!corrections.empty()) written = connection_.run(corrections, results_);
  }
  if (written) written = connection_.commit();
  if (!written) connection_.rollback();
  held_ = now_() - begun_at;
  return written;
}

}  // namespace couponhook::storage
