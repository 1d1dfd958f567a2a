#include "storage/delivery_control.hpp"

#include <algorithm>
#include <optional>
#include <utility>

#include "storage/delivery_states.hpp"
#include "storage/pauses.hpp"
#include "storage/rows.hpp"
#include "storage/sql.hpp"
#include "storage/transaction.hpp"

namespace couponhook::storage {
namespace {

/// As the statement sql::kDeliveryToChange gives it.
struct Found {
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

  std::string_view state;
  std::int64_t lane;
  std::int64_t attempts;
  bool leased;
  std::optional<std::int64_t> due_at_ms;
  bool has_content;
};

bool is_for(const PauseRecord& pause, std::string_view handler, std::string_view event_pattern) {
  return !pause.resumed_at_ms && pause.handler == handler && pause.event_pattern == event_pattern;
}

}  // namespace

DeliveryControl::DeliveryControl(std::unique_ptr<Connection> connection)
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

DeliveryControl::Work DeliveryControl::retry_all(std::span<const std::int64_t> deliveries,
                                                 std::int64_t now_ms,
                                                 std::vector<ControlResult>& results) {
  results.assign(deliveries.size(), ControlResult::kNotFound);
  counters_.clear();
  commands_.clear();
  for (const std::int64_t id : deliveries) {
    commands_.push_back(Command(sql::kDeliveryToChange, {id}));
  }
  // Read again once they are locked: a purge that had to be waited for may have emptied what the
  // first look still saw.
  const std::vector<Command> look = commands_;
  if (auto locked = run(); !locked) return locked;
  commands_ = look;
  if (auto read = run(); !read) return read;
  for (std::size_t i = 0; i < deliveries.size(); ++i) {
    if (results_[i].empty()) continue;
    const Found found(results_[i][0]);
    if (found.is_running(now_ms)) {
      results[i] = ControlResult::kRunning;
    } else if (!found.has_content) {
      results[i] = ControlResult::kEmptied;
    } else {
      results[i] = ControlResult::kDone;
      const auto state = found.attempts > 0 ? state::kRetrying : state::kPending;
      commands_.push_back(Command(sql::kRetryNow, {state, now_ms, deliveries[i]}));
      counters_.move(counter_of(found.state), counter_of(state));
    }
  }
  return count_and_run();
}

DeliveryControl::Result<ControlResult> DeliveryControl::skip(std::int64_t delivery,
                                                             std::string_view reason,
                                                             std::int64_t now_ms) {
  auto result = ControlResult::kNotFound;
  const auto skipped =
      in_transaction(*connection_, [&] { return skip_one(delivery, reason, now_ms, result); });
  if (!skipped) return skipped.error();
  return result;
}

DeliveryControl::Work DeliveryControl::skip_one(std::int64_t delivery, std::string_view reason,
                                                std::int64_t now_ms, ControlResult& result) {
  result = ControlResult::kNotFound;
  counters_.clear();
  commands_.assign({Command(sql::kDeliveryToChange, {delivery})});
  if (auto read = run(); !read) return read;
  if (results_[0].empty()) return {};
  const Found found(results_[0][0]);
  if (found.state == state::kDone || found.state == state::kSkipped) {
    result = ControlResult::kEnded;
    return {};
  }
  if (found.is_running(now_ms)) {
    result = ControlResult::kRunning;
    return {};
  }
  result = ControlResult::kDone;
  const std::int64_t attempt = found.attempts + 1;
  commands_.push_back(Command(sql::kRecordAttempt, {delivery, attempt_slot(attempt), attempt,
                                                    now_ms, now_ms, outcome::kSkipped, reason}));
  commands_.push_back(Command(sql::kSkip, {now_ms, reason, delivery}));
  commands_.push_back(Command(sql::kPromote, {now_ms, found.lane}));
  counters_.move(counter_of(found.state), counter::kDeliveriesSkipped);
  return count_and_run();
}

DeliveryControl::Result<std::vector<PauseRecord>> DeliveryControl::active_pauses() {
  commands_.assign({Command(sql::kPauses, {})});
  if (auto read = run(); !read) return read.error();
  return pauses_from(results_[0]);
}

DeliveryControl::Result<void> DeliveryControl::pause(std::string_view handler,
                                                     std::string_view event_pattern,
                                                     std::string_view reason, std::int64_t now_ms) {
  return in_transaction(*connection_, [&]() -> Work {
    const auto pauses = active_pauses();
    if (!pauses) return pauses.error();
    const auto same = [&](const PauseRecord& p) { return is_for(p, handler, event_pattern); };
    if (std::ranges::any_of(*pauses, same)) return {};
    commands_.push_back(Command(sql::kInsertPause, {handler, event_pattern, reason, now_ms}));
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
