#include "storage/delivery_control.hpp"

#include <algorithm>
#include <set>
#include <string>
#include <utility>

#include "storage/delivery_states.hpp"
#include "storage/ordering_lane.hpp"
#include "storage/rows.hpp"
#include "storage/sql.hpp"
#include "storage/transaction.hpp"

namespace couponhook::storage {
namespace {

bool is_for(const PauseRecord& pause, std::string_view handler, std::string_view event_pattern) {
  return !pause.resumed_at_ms && pause.handler == handler && pause.event_pattern == event_pattern;
}

}  // namespace

std::string_view to_string(ControlResult result) {
  switch (result) {
    case ControlResult::kDone:
      return "done";
    case ControlResult::kNotFound:
      return "not_found";
    case ControlResult::kRunning:
      return "in_progress";
    case ControlResult::kEmptied:
      return "emptied";
    case ControlResult::kEnded:
      return "ended";
    case ControlResult::kAlreadyThere:
      break;
  }
  return "already_there";
}

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

/// Writes the row about an action on deliveries, at the end of the action's transaction.
DeliveryControl::Work DeliveryControl::note(AuditRecord* audit,
                                            std::span<const ControlResult> results) {
  if (audit == nullptr || results.empty()) return {};
  audit->result.clear();
  if (results.front() == ControlResult::kNotFound) return {};
  return add_audit(*connection_, audit, to_string(results.front()));
}

/// Changes deliveries and writes the row of the audit log, in one transaction.
/// \param change_all changes the deliveries, and receives the list for their results.
template <typename ChangeAll>
DeliveryControl::Result<std::vector<ControlResult>> DeliveryControl::change(
    AuditRecord* audit, const ChangeAll& change_all) {
  std::vector<ControlResult> results;
  const auto changed = in_transaction(*connection_, [&] {
    auto done = change_all(results);
    return done ? note(audit, results) : done;
  });
  if (!changed) return changed.error();
  return results;
}

DeliveryControl::Result<std::vector<ControlResult>> DeliveryControl::retry(
    std::span<const std::int64_t> deliveries, std::int64_t now_ms, AuditRecord* audit) {
  return change(audit, [&](auto& results) { return retry_all(deliveries, now_ms, results); });
}

/// Locks deliveries and reads them.
/// \param found receives one entry for each delivery; nullopt if there is no such delivery.
DeliveryControl::Work DeliveryControl::read_deliveries(std::span<const std::int64_t> sorted,
                                                       Found& found,
                                                       std::vector<ControlResult>& results) {
  results.assign(sorted.size(), ControlResult::kNotFound);
  counters_.clear();
  commands_.clear();
  for (const std::int64_t id : sorted) commands_.push_back(Command(sql::kDeliveryToChange, {id}));
  // The delivery rows are read a second time after they are locked: while this transaction waited
  // for the locks, a purge may have removed notification content that the first reading still saw.
  const std::vector<Command> read_commands = commands_;
  if (auto locked = run(); !locked) return locked;
  commands_ = read_commands;
  if (auto read = run(); !read) return read;
  found.clear();
  for (Rows& rows : results_) found.push_back(sql::kDeliveryToChange.read_first(rows));
  return {};
}

DeliveryControl::Work DeliveryControl::retry_all(std::span<const std::int64_t> deliveries,
                                                 std::int64_t now_ms,
                                                 std::vector<ControlResult>& results) {
  Found found;
  if (auto read = read_deliveries(deliveries, found, results); !read) return read;
  for (std::size_t i = 0; i < deliveries.size(); ++i) {
    if (!found[i]) continue;
    const DeliveryToChange& delivery = *found[i];
    if (delivery.is_running(now_ms)) {
      results[i] = ControlResult::kRunning;
    } else if (!delivery.has_content) {
      results[i] = ControlResult::kEmptied;
    } else {
      results[i] = ControlResult::kDone;
      commands_.push_back(
          Command(sql::kRetryNow, {delivery.state_if_retried(), now_ms, deliveries[i]}));
      counters_.move_delivery(delivery.handler, counter_of(delivery.state),
                              counter_of(delivery.state_if_retried()));
    }
  }
  return count_and_run();
}

DeliveryControl::Result<std::vector<ControlResult>> DeliveryControl::move(
    std::span<const std::int64_t> deliveries, std::string_view to, std::int64_t now_ms,
    AuditRecord* audit) {
  return change(audit, [&](auto& results) { return move_all(deliveries, to, now_ms, results); });
}

DeliveryControl::Work DeliveryControl::move_all(std::span<const std::int64_t> deliveries,
                                                std::string_view to, std::int64_t now_ms,
                                                std::vector<ControlResult>& results) {
  Found found;
  if (auto read = read_deliveries(deliveries, found, results); !read) return read;
  // Lock the rows of the notifications first, then look for deliveries to the target handler. So,
  // if two transactions move deliveries of one notification from different handlers to the same
  // handler, the second one sees the delivery that the first one moved.
  for (const auto& each : found) {
    if (each) commands_.push_back(Command(sql::kLockNotification, {each->notification}));
  }
  for (const auto& each : found) {
    if (each) commands_.push_back(Command(sql::kDeliveryTo, {each->notification, to}));
  }
  if (auto looked = run(); !looked) return looked;
  std::string dropped = "moved to ";
  dropped.append(to).append(", which has a delivery of this notification already");
  auto there = results_.begin() + std::ssize(results_) / 2;
  std::set<std::int64_t> taken;
  for (std::size_t i = 0; i < deliveries.size(); ++i) {
    if (!found[i]) continue;
    const DeliveryToChange& delivery = *found[i];
    const bool has_one = !(there++)->empty() || taken.contains(delivery.notification);
    if (delivery.is_running(now_ms)) {
      results[i] = ControlResult::kRunning;
    } else if (delivery.has_ended()) {
      results[i] = ControlResult::kEnded;
    } else if (delivery.handler == to) {
      results[i] = ControlResult::kAlreadyThere;
    } else if (has_one) {
      results[i] = ControlResult::kAlreadyThere;
      drop(deliveries[i], delivery, dropped, now_ms);
    } else if (!delivery.has_content) {
      results[i] = ControlResult::kEmptied;
    } else {
      results[i] = ControlResult::kDone;
      taken.insert(delivery.notification);
      const std::int64_t lane = lane_of(to, delivery.ordering_key);
      commands_.push_back(
          Command(sql::kMove, {to, lane, delivery.state_if_retried(), now_ms, deliveries[i]}));
      commands_.push_back(Command(sql::kPromote, {now_ms, delivery.lane}));
      counters_.add_delivery(delivery.handler, counter_of(delivery.state), -1);
      counters_.add_delivery(to, counter_of(delivery.state_if_retried()));
    }
  }
  return count_and_run();
}

DeliveryControl::Result<std::vector<ControlResult>> DeliveryControl::skip(
    std::span<const std::int64_t> deliveries, std::string_view reason, std::int64_t now_ms,
    AuditRecord* audit) {
  return change(audit,
                [&](auto& results) { return skip_all(deliveries, reason, now_ms, results); });
}

DeliveryControl::Work DeliveryControl::skip_all(std::span<const std::int64_t> deliveries,
                                                std::string_view reason, std::int64_t now_ms,
                                                std::vector<ControlResult>& results) {
  Found found;
  if (auto read = read_deliveries(deliveries, found, results); !read) return read;
  for (std::size_t i = 0; i < deliveries.size(); ++i) {
    if (!found[i]) continue;
    const DeliveryToChange& delivery = *found[i];
    if (delivery.has_ended()) {
      results[i] = ControlResult::kEnded;
    } else if (delivery.is_running(now_ms)) {
      results[i] = ControlResult::kRunning;
    } else {
      results[i] = ControlResult::kDone;
      drop(deliveries[i], delivery, reason, now_ms);
    }
  }
  return count_and_run();
}

void DeliveryControl::drop(std::int64_t delivery_id, const DeliveryToChange& delivery,
                           std::string_view reason, std::int64_t now_ms) {
  const std::int64_t attempt = delivery.attempts + 1;
  commands_.push_back(Command(sql::kRecordAttempt, {delivery_id, attempt_slot(attempt), attempt,
                                                    now_ms, now_ms, outcome::kSkipped, reason}));
  commands_.push_back(Command(sql::kSkip, {now_ms, reason, delivery_id}));
  commands_.push_back(Command(sql::kPromote, {now_ms, delivery.lane}));
  counters_.move_delivery(delivery.handler, counter_of(delivery.state),
                          counter::kDeliveriesSkipped);
}

DeliveryControl::Result<std::vector<PauseRecord>> DeliveryControl::active_pauses() {
  commands_.assign({Command(sql::kPauses, {})});
  if (auto read = run(); !read) return read.error();
  return sql::kPauses.read_all(results_[0]);
}

DeliveryControl::Result<void> DeliveryControl::pause(std::string_view handler,
                                                     std::string_view event_pattern,
                                                     std::string_view reason, std::string_view by,
                                                     std::int64_t now_ms, AuditRecord* audit) {
  return in_transaction(*connection_, [&]() -> Work {
    const auto pauses = active_pauses();
    if (!pauses) return pauses.error();
    const auto same = [&](const PauseRecord& p) { return is_for(p, handler, event_pattern); };
    if (std::ranges::any_of(*pauses, same)) return add_audit(*connection_, audit, "paused_already");
    commands_.push_back(Command(sql::kInsertPause, {handler, event_pattern, reason, now_ms, by}));
    auto paused = run();
    return paused ? add_audit(*connection_, audit, "done") : paused;
  });
}

DeliveryControl::Result<bool> DeliveryControl::resume(std::string_view handler,
                                                      std::string_view event_pattern,
                                                      std::int64_t now_ms, AuditRecord* audit) {
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
    if (!resumed) return {};
    auto ended = run();
    return ended ? add_audit(*connection_, audit, "done") : ended;
  });
  if (!done) return done.error();
  return resumed;
}

}  // namespace couponhook::storage
