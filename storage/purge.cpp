#include "storage/purge.hpp"

#include <algorithm>
#include <array>
#include <utility>

#include "storage/purge_sql.hpp"
#include "storage/rows.hpp"

namespace couponhook::storage {
namespace {

// Stored: never rename them.
constexpr std::string_view kPayloads = "payloads";
constexpr std::string_view kIdentities = "identities";

constexpr Bytes kNothing{};

bool is_before(std::int64_t time_ms, const std::optional<std::int64_t>& cutoff_ms) {
  return cutoff_ms && time_ms < *cutoff_ms;
}

}  // namespace

Purge::Purge(Connection& connection, const PurgeCutoffs& cutoffs, PurgeMode mode)
    : connection_(connection), cutoffs_(cutoffs), mode_(mode) {}

Purge::Result<bool> Purge::step(std::int64_t rows_max) {
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
    case Stage::kDone:
      return false;
  }
  if (!more) return more;
  if (!*more) enter(static_cast<Stage>(static_cast<int>(stage_) + 1));
  return stage_ != Stage::kDone;
}

void Purge::enter(Stage stage) {
  stage_ = stage;
  stage_begun_ = false;
  position_ = 0;
}

Purge::Result<void> Purge::start_at_cursor(std::string_view task) {
  if (stage_begun_) return {};
  const std::array ask{Command(sql::kCursor, {task})};
  if (auto asked = connection_.run(ask, results_); !asked) return asked;
  if (!results_[0].empty()) position_ = integer(results_[0][0][0]);
  stage_begun_ = true;
  return {};
}

/// Outside the transaction, so that whatever has to be read from the disk keeps no commit waiting.
Purge::Result<void> Purge::look(const Statement& statement, std::int64_t rows_max) {
  const std::array ask{Command(statement, {position_, rows_max}),
                       Command(sql::kNewestNotification, {})};
  if (auto asked = connection_.run(ask, results_); !asked) return asked;
  seen_.clear();
  for (const Row& row : results_[0]) {
    Seen seen;
    seen.seq = integer(row[0]);
    if (!std::holds_alternative<std::nullptr_t>(row[1])) seen.received_at_ms = integer(row[1]);
    seen.has_payload = integer(row[2]) != 0;
    seen.is_open = integer(row[3]) != 0;
    seen_.push_back(seen);
  }
  newest_ = results_[1].empty() ? 0 : integer(results_[1][0][0]);
  return {};
}

Purge::Result<bool> Purge::step_held(std::int64_t rows_max) {
  if (auto looked = look(sql::kLookAtHeld, rows_max); !looked) return looked.error();
  PurgeCounts freed;
  for (const Seen& seen : seen_) {
    if (seen.is_open) continue;
    const bool is_forgotten = is_before(seen.received_at_ms, cutoffs_.identity_ms);
    if (is_forgotten && seen.seq != newest_) {
      append_removal(seen.seq - 1, seen.seq);
      ++freed.identities;
    } else if (is_before(seen.received_at_ms, cutoffs_.payload_ms)) {
      append_emptying(seen.seq - 1, seen.seq);
      if (seen.has_payload) ++freed.payloads;
      if (is_forgotten) continue;  // the newest: to be removed once it is not
    } else {
      continue;
    }
    commands_.push_back(Command(sql::kLetGo, {seen.seq}));
  }
  if (auto written = write(); !written) return written.error();
  counts_.identities += freed.identities;
  counts_.payloads += freed.payloads;
  if (!seen_.empty()) position_ = seen_.back().seq;
  return std::ssize(seen_) == rows_max;
}

Purge::Result<bool> Purge::step_identities(std::int64_t rows_max) {
  if (!cutoffs_.identity_ms) return false;
  if (auto started = start_at_cursor(kIdentities); !started) return started.error();
  if (auto looked = look(sql::kLookAtNotifications, rows_max); !looked) return looked.error();
  const auto stays = [this](const Seen& seen) {
    return !is_before(seen.received_at_ms, cutoffs_.identity_ms) || seen.seq == newest_;
  };
  const auto end = std::ranges::find_if(seen_, stays);
  const bool more = end == seen_.end() && std::ssize(seen_) == rows_max;
  if (end != seen_.begin()) {
    const std::int64_t to = std::prev(end)->seq;
    append_removal(position_, to);
    commands_.push_back(Command(sql::kMoveCursor, {kIdentities, to}));
    if (auto written = write(); !written) return written.error();
    counts_.identities +=
        std::count_if(seen_.begin(), end, [](const Seen& seen) { return !seen.is_open; });
    position_ = to;
  }
  identities_end_ = position_;
  return more;
}

Purge::Result<bool> Purge::step_payloads(std::int64_t rows_max) {
  if (!cutoffs_.payload_ms) return false;
  if (auto started = start_at_cursor(kPayloads); !started) return started.error();
  position_ = std::max(position_, identities_end_);
  if (auto looked = look(sql::kLookAtNotifications, rows_max); !looked) return looked.error();
  const auto end = std::ranges::find_if(seen_, [this](const Seen& seen) {
    return !is_before(seen.received_at_ms, cutoffs_.payload_ms);
  });
  const bool more = end == seen_.end() && std::ssize(seen_) == rows_max;
  if (end == seen_.begin()) return false;
  const std::int64_t to = std::prev(end)->seq;
  append_emptying(position_, to);
  commands_.push_back(Command(sql::kMoveCursor, {kPayloads, to}));
  if (auto written = write(); !written) return written.error();
  counts_.payloads += std::count_if(
      seen_.begin(), end, [](const Seen& seen) { return seen.has_payload && !seen.is_open; });
  position_ = to;
  return more;
}

Purge::Result<bool> Purge::step_quarantine(std::int64_t rows_max) {
  if (!cutoffs_.quarantine_ms) return false;
  const std::array ask{Command(sql::kLookAtQuarantine, {position_, rows_max})};
  if (auto asked = connection_.run(ask, results_); !asked) return asked.error();
  std::int64_t old = 0;
  std::int64_t to = position_;
  for (const Row& row : results_[0]) {
    if (!is_before(integer(row[1]), cutoffs_.quarantine_ms)) break;
    to = integer(row[0]);
    ++old;
  }
  if (old == 0) return false;
  commands_.push_back(Command(sql::kDeleteQuarantine, {to}));
  if (auto written = write(); !written) return written.error();
  counts_.quarantined += old;
  position_ = to;
  return old == rows_max;
}

void Purge::append_removal(std::int64_t after, std::int64_t to) {
  for (const Statement* statement :
       {&sql::kHoldOpen, &sql::kDeleteAttempts, &sql::kDeleteDeliveries, &sql::kDeleteNotifications,
        &sql::kDeleteConflicts}) {
    commands_.push_back(Command(*statement, {after, to}));
  }
}

void Purge::append_emptying(std::int64_t after, std::int64_t to) {
  commands_.push_back(Command(sql::kHoldOpen, {after, to}));
  commands_.push_back(Command(sql::kEmptyNotifications, {kNothing, after, to}));
  commands_.push_back(Command(sql::kEmptyConflicts, {kNothing, after, to}));
}

Purge::Result<void> Purge::write() {
  const std::vector<Command> commands = std::exchange(commands_, {});
  if (mode_ == PurgeMode::kCount || commands.empty()) return {};
  if (auto begun = connection_.begin(); !begun) return begun;
  auto written = connection_.run(commands, results_);
  if (written) written = connection_.commit();
  if (!written) connection_.rollback();
  return written;
}

}  // namespace couponhook::storage
