#include "storage/delivery_control.hpp"

#include <algorithm>
#include <optional>
#include <set>
#include <string>
#include <utility>

#include "storage/delivery_states.hpp"
#include "storage/ordering_lane.hpp"
#include "storage/pauses.hpp"
#include "storage/rows.hpp"
#include "storage/sql.hpp"
#include "storage/transaction.hpp"

namespace couponhook::storage {
namespace {

bool is_for(const PauseRecord& pause, std::string_view handler, std::string_view event_pattern) {
  return !pause.resumed_at_ms && pause.handler == handler && pause.event_pattern == event_pattern;
}

}  // namespace

/// A delivery that an operator wants to change: a row of the result of sql::kDeliveryToChange or
/// sql::kDeliveryToMove. Holds views into the row.
struct DeliveryControl::Found {
  explicit Found(const Row& row)
      : state(std::get<std::string>(row[0])),
        lane(integer(row[1])),
        attempts(integer(row[2])),
        leased(!is_null(row[3])),
        due_at_ms(optional_integer(row[4])),
        has_content(integer(row[5]) != 0) {}

  [[nodiscard]] bool is_running(std::int64_t now_ms) const {
    return leased && due_at_ms && *due_at_ms > now_ms;
  }
  [[nodiscard]] bool has_ended() const { return state == state::kDone || state == state::kSkipped; }
  [[nodiscard]] std::string_view state_if_retried() const {
    return attempts > 0 ? state::kRetrying : state::kPending;
  }

  std::string_view state;
  std::int64_t lane;
  std::int64_t attempts;
  bool leased;
  std::optional<std::int64_t> due_at_ms;
  bool has_content;
};

DeliveryControl::DeliveryControl(std::shared_ptr<Connection> connection)
    : connection_(std::move(connection)) {}

DeliveryControl::Work DeliveryControl::run() {
  auto ran = connection_->run(commands_, results_);
  commands_.clear();
  return ran;
}

DeliveryControl::Work DeliveryControl::count_and_run() {
  counters_.append_commands(connection_->counter_slot(), commands_);
  return run();
}

DeliveryControl::Result<std::vector<ControlResult>> DeliveryControl::retry(
    std::span<const std::int64_t> deliveries, std::int64_t now_ms) {
  std::vector<ControlResult> results;
  const auto retried =
      in_transaction(*connection_, [&] { return retry_all(deliveries, now_ms, results); });
  if (!retried) return retried.error();
  return results;
}

DeliveryControl::Work DeliveryControl::look_at(const Statement& statement,
                                               std::span<const std::int64_t> sorted,
                                               std::vector<ControlResult>& results) {
  results.assign(sorted.size(), ControlResult::kNotFound);
  counters_.clear();
  commands_.clear();
  for (const std::int64_t id : sorted) commands_.push_back(Command(statement, {id}));
  // The delivery rows are read a second time after they are locked: while this transaction waited
  // for the locks, a purge may have removed notification content that the first reading still saw.
  const std::vector<Command> look = commands_;
  if (auto locked = run(); !locked) return locked;
  commands_ = look;
  return run();
}

DeliveryControl::Work DeliveryControl::retry_all(std::span<const std::int64_t> deliveries,
                                                 std::int64_t now_ms,
                                                 std::vector<ControlResult>& results) {
  if (auto read = look_at(sql::kDeliveryToChange, deliveries, results); !read) return read;
  for (std::size_t i = 0; i < deliveries.size(); ++i) {
    if (results_[i].empty()) continue;
    const Found found(results_[i][0]);
    if (found.is_running(now_ms)) {
      results[i] = ControlResult::kRunning;
    } else if (!found.has_content) {
      results[i] = ControlResult::kEmptied;
    } else {
      results[i] = ControlResult::kDone;
      commands_.push_back(
          Command(sql::kRetryNow, {found.state_if_retried(), now_ms, deliveries[i]}));
      counters_.move(counter_of(found.state), counter_of(found.state_if_retried()));
    }
  }
  return count_and_run();
}

DeliveryControl::Result<std::vector<ControlResult>> DeliveryControl::move(
    std::span<const std::int64_t> deliveries, std::string_view to, std::int64_t now_ms) {
  std::vector<ControlResult> results;
  const auto moved =
      in_transaction(*connection_, [&] { return move_all(deliveries, to, now_ms, results); });
  if (!moved) return moved.error();
  return results;
}

DeliveryControl::Work DeliveryControl::move_all(std::span<const std::int64_t> deliveries,
                                                std::string_view to, std::int64_t now_ms,
                                                std::vector<ControlResult>& results) {
  if (auto read = look_at(sql::kDeliveryToMove, deliveries, results); !read) return read;
  const std::vector<Rows> rows = std::move(results_);
  // Lock the rows of the notifications first, then look for deliveries to the target handler. So,
  // if two transactions move deliveries of one notification from different handlers to the same
  // handler, the second transaction sees the delivery that the first one moved.
  for (const Rows& each : rows) {
    if (!each.empty()) commands_.push_back(Command(sql::kLockNotification, {integer(each[0][6])}));
  }
  for (const Rows& each : rows) {
    if (!each.empty()) commands_.push_back(Command(sql::kDeliveryTo, {integer(each[0][6]), to}));
  }
  if (auto looked = run(); !looked) return looked;
  std::string dropped = "moved to ";
  dropped.append(to).append(", which has a delivery of this notification already");
  auto there = results_.begin() + std::ssize(results_) / 2;
  std::set<std::int64_t> taken;
  for (std::size_t i = 0; i < deliveries.size(); ++i) {
    if (rows[i].empty()) continue;
    const Row& row = rows[i][0];
    const Found found(row);
    const bool has_one = !(there++)->empty() || taken.contains(integer(row[6]));
    if (found.is_running(now_ms)) {
      results[i] = ControlResult::kRunning;
    } else if (found.has_ended()) {
      results[i] = ControlResult::kEnded;
    } else if (std::get<std::string>(row[7]) == to) {
      results[i] = ControlResult::kAlreadyThere;
    } else if (has_one) {
      results[i] = ControlResult::kAlreadyThere;
      drop(deliveries[i], found, dropped, now_ms);
    } else if (!found.has_content) {
      results[i] = ControlResult::kEmptied;
    } else {
      results[i] = ControlResult::kDone;
      taken.insert(integer(row[6]));
      const std::int64_t lane = lane_of(to, std::get<std::string>(row[8]));
      commands_.push_back(
          Command(sql::kMove, {to, lane, found.state_if_retried(), now_ms, deliveries[i]}));
      commands_.push_back(Command(sql::kPromote, {now_ms, found.lane}));
      counters_.move(counter_of(found.state), counter_of(found.state_if_retried()));
    }
  }
  return count_and_run();
}

DeliveryControl::Result<std::vector<ControlResult>> DeliveryControl::skip(
    std::span<const std::int64_t> deliveries, std::string_view reason, std::int64_t now_ms) {
  std::vector<ControlResult> results;
  const auto skipped =
      in_transaction(*connection_, [&] { return skip_all(deliveries, reason, now_ms, results); });
  if (!skipped) return skipped.error();
  return results;
}

DeliveryControl::Work DeliveryControl::skip_all(std::span<const std::int64_t> deliveries,
                                                std::string_view reason, std::int64_t now_ms,
                                                std::vector<ControlResult>& results) {
  if (auto read = look_at(sql::kDeliveryToChange, deliveries, results); !read) return read;
  for (std::size_t i = 0; i < deliveries.size(); ++i) {
    if (results_[i].empty()) continue;
    const Found found(results_[i][0]);
    if (found.has_ended()) {
      results[i] = ControlResult::kEnded;
    } else if (found.is_running(now_ms)) {
      results[i] = ControlResult::kRunning;
    } else {
      results[i] = ControlResult::kDone;
      drop(deliveries[i], found, reason, now_ms);
    }
  }
  return count_and_run();
}

void DeliveryControl::drop(std::int64_t delivery, const Found& found, std::string_view reason,
                           std::int64_t now_ms) {
  const std::int64_t attempt = found.attempts + 1;
  commands_.push_back(Command(sql::kRecordAttempt, {delivery, attempt_slot(attempt), attempt,
                                                    now_ms, now_ms, outcome::kSkipped, reason}));
  commands_.push_back(Command(sql::kSkip, {now_ms, reason, delivery}));
  commands_.push_back(Command(sql::kPromote, {now_ms, found.lane}));
  counters_.move(counter_of(found.state), counter::kDeliveriesSkipped);
}

DeliveryControl::Result<std::vector<PauseRecord>> DeliveryControl::active_pauses() {
  commands_.assign({Command(sql::kPauses, {})});
  if (auto read = run(); !read) return read.error();
  return pauses_from(results_[0]);
}

DeliveryControl::Result<void> DeliveryControl::pause(std::string_view handler,
                                                     std::string_view event_pattern,
                                                     std::string_view reason, std::string_view by,
                                                     std::int64_t now_ms) {
  return in_transaction(*connection_, [&]() -> Work {
    const auto pauses = active_pauses();
    if (!pauses) return pauses.error();
    const auto same = [&](const PauseRecord& p) { return is_for(p, handler, event_pattern); };
    if (std::ranges::any_of(*pauses, same)) return {};
    commands_.push_back(Command(sql::kInsertPause, {handler, event_pattern, reason, now_ms, by}));
    return run();
  });
}

DeliveryControl::Result<bool> DeliveryControl::resume(std::string_view handler,
                                                      std::string_view event_pattern,
                                                      std::int64_t now_ms) {
  bool resumed = false;
  const auto done = in_transaction(*connection_, [&]() -> Work {
    resumed = false;
    const auto pauses = active_pauses();
    if (!pauses) return pauses.error();
    for (const PauseRecord& pause : *pauses) {
      if (!is_for(pause, handler, event_pattern)) continue;
      resumed = true;
      commands_.push_back(Command(sql::kResume, {now_ms, pause.pause_id}));
    }
    return run();
  });
  if (!done) return done.error();
  return resumed;
}

}  // namespace couponhook::storage
