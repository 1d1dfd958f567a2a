// The part of class Deliveries that takes deliveries under leases: it decides which deliveries may
// be taken now.

#include <algorithm>
#include <array>
#include <utility>

#include "storage/deliveries.hpp"
#include "storage/delivery_states.hpp"
#include "storage/pauses.hpp"
#include "storage/rows.hpp"
#include "storage/sql.hpp"
#include "storage/transaction.hpp"

namespace couponhook::storage {
namespace {

/// Number of times that one call of Deliveries::claim() reads deliveries that are due (to be made
/// now). One reading may not be enough, because most of the deliveries that it finds may have to
/// wait for an earlier delivery of the same handler and coupon.
constexpr int kRoundsMax = 4;
/// Number of deliveries that one claim (a transaction that takes deliveries) releases from a pause
/// that has ended. A small number keeps the transaction short.
constexpr std::int64_t kUnparkMax = 500;
/// Milliseconds for which the row of an ended pause stays in the table of pauses. A claim (a
/// transaction that takes deliveries) that began before the pause ended may still hold back a
/// delivery because of the pause; a later claim must then find the row of the pause to release that
/// delivery.
constexpr std::int64_t kPauseMemoryMs = 600'000;

constexpr std::string_view kRemoved = "its notification has been removed from the store";

}  // namespace

/// Deliveries that one call of claim() or claim_of() has taken so far, with the terms of their
/// leases.
struct Deliveries::Claim {
  std::vector<ClaimedDelivery> taken;
  std::int64_t now_ms = 0;
  std::int64_t until_ms = 0;
  /// For each handler: number of further deliveries to take, and of those to begin at once.
  std::vector<ClaimRequest> wanted;

  /// \param handler the handler of a candidate: candidates are read only for wanted handlers.
  [[nodiscard]] ClaimRequest& wanted_of(std::string_view handler) {
    return *std::ranges::find(wanted, handler, &ClaimRequest::handler);
  }
};

Deliveries::Result<std::vector<ClaimedDelivery>> Deliveries::claim(
    std::span<const ClaimRequest> wanted, std::int64_t now_ms) {
  Claim claim;
  const auto claimed =
      in_transaction(*connection_, [&] { return claim_due(wanted, now_ms, claim); });
  if (!claimed) return claimed.error();
  return std::move(claim.taken);
}

Deliveries::Work Deliveries::claim_due(std::span<const ClaimRequest> wanted, std::int64_t now_ms,
                                       Claim& claim) {
  claim = {.taken = {},
           .now_ms = now_ms,
           .until_ms = now_ms + terms_.lease.count(),
           .wanted = {wanted.begin(), wanted.end()}};
  std::vector<ClaimRequest>& left = claim.wanted;
  counters_.clear();
  commands_.clear();
  if (auto looked = read_pauses(now_ms); !looked) return looked;
  for (int round = 0; round < kRoundsMax; ++round) {
    std::erase_if(left,
                  [&](const ClaimRequest& w) { return w.limit <= 0 || is_paused(w.handler); });
    if (left.empty()) break;
    for (const ClaimRequest& w : left) {
      commands_.push_back(Command(sql::kDueDeliveries, {w.handler, now_ms, w.limit}));
    }
    if (auto read = run(); !read) return read;
    std::vector<Candidate> candidates;
    for (std::size_t i = 0; i < left.size(); ++i) {
      for (Row& row : results_[i]) candidates.push_back(sql::kDueDeliveries.read(row));
      if (std::ssize(results_[i]) < left[i].limit) left[i].limit = 0;
    }
    if (auto taken = take(candidates, now_ms, claim); !taken) return taken;
  }
  return count_and_run();
}

Deliveries::Result<std::vector<ClaimResult>> Deliveries::claim_of(
    std::string_view mchid, std::string_view notification_id,
    std::span<const std::string_view> handlers, std::int64_t now_ms, bool begins) {
  std::vector<ClaimResult> claim_results;
  Claim claim;
  const auto claimed = in_transaction(*connection_, [&]() -> Work {
    claim = {
        .taken = {}, .now_ms = now_ms, .until_ms = now_ms + terms_.lease.count(), .wanted = {}};
    for (const std::string_view handler : handlers) {
      claim.wanted.push_back({.handler = handler, .limit = 1, .begin = begins ? 1 : 0});
    }
    claim_results.clear();
    counters_.clear();
    commands_.clear();
    if (auto looked = read_pauses(now_ms); !looked) return looked;
    commands_.push_back(Command(sql::kDeliveriesToClaim, {notification_id, mchid}));
    if (auto read = run(); !read) return read;
    std::vector<Candidate> candidates;
    for (Row& row : results_[0]) {
      Candidate candidate = sql::kDeliveriesToClaim.read(row);
      if (std::ranges::find(handlers, candidate.handler) == handlers.end()) continue;
      ClaimResult claim_result{candidate.handler, ClaimStatus::kWaiting, candidate.last_error, {}};
      if (!candidate.is_open()) {
        claim_result.status =
            candidate.state == state::kDead ? ClaimStatus::kDead : ClaimStatus::kDone;
      } else if (candidate.is_running(now_ms)) {
        claim_result.status = ClaimStatus::kInProgress;
      } else if (pause_of(candidate, candidate.event_type) != nullptr) {
        claim_result.status = ClaimStatus::kPaused;
      } else if (!candidate.parked_by) {
        candidates.push_back(std::move(candidate));
      }
      claim_results.push_back(std::move(claim_result));
    }
    if (auto taken = take(candidates, now_ms, claim); !taken) return taken;
    return count_and_run();
  });
  if (!claimed) return claimed.error();
  for (ClaimedDelivery& taken : claim.taken) {
    const auto claim_result =
        std::ranges::find(claim_results, taken.handler, &ClaimResult::handler);
    claim_result->status = ClaimStatus::kClaimed;
    claim_result->claimed = std::move(taken);
  }
  return claim_results;
}

/// Reads the pauses that operators have set. Releases a limited number of deliveries that a pause
/// still holds back although the pause has ended.
Deliveries::Work Deliveries::read_pauses(std::int64_t now_ms) {
  commands_.push_back(Command(sql::kPauses, {}));
  if (auto read = run(); !read) return read;
  pauses_ = sql::kPauses.read_all(results_[0]);
  for (const PauseRecord& pause : pauses_) {
    if (!pause.resumed_at_ms) continue;
    commands_.push_back(Command(sql::kUnpark, {now_ms, pause.pause_id, kUnparkMax}));
    if (*pause.resumed_at_ms + kPauseMemoryMs < now_ms) {
      commands_.push_back(Command(sql::kDropPause, {pause.pause_id}));
    }
  }
  if (commands_.empty()) return {};
  std::erase_if(pauses_, [](const PauseRecord& pause) { return pause.resumed_at_ms.has_value(); });
  return run();
}

bool Deliveries::is_paused(std::string_view handler) const {
  return std::ranges::any_of(pauses_, [&](const PauseRecord& pause) {
    return !pause.resumed_at_ms && pause.event_pattern.empty() && pause.handler == handler;
  });
}

const PauseRecord* Deliveries::pause_of(const Candidate& candidate,
                                        std::string_view event_type) const {
  const auto pause = std::ranges::find_if(
      pauses_, [&](const PauseRecord& p) { return holds_back(p, candidate.handler, event_type); });
  return pause == pauses_.end() ? nullptr : &*pause;
}

/// Takes those candidates (due deliveries) that go first in their ordering lane, that is, among the
/// deliveries of one handler and one coupon. The other candidates lose their due time, so that no
/// claim reads them again before the delivery ahead of them has ended. A candidate keeps its due
/// time if another transaction is just ending the delivery ahead of it (the row of that
/// delivery is locked), because that transaction cannot see that the candidate waits.
Deliveries::Work Deliveries::take(std::vector<Candidate>& candidates, std::int64_t now_ms,
                                  Claim& claim) {
  if (candidates.empty()) return {};
  for (const Candidate& candidate : candidates) {
    if (candidate.whose_turn() == candidate.delivery_id) {
      commands_.push_back(Command(sql::kContent, {candidate.notification}));
    } else {
      commands_.push_back(Command(sql::kStillOpen, {candidate.whose_turn()}));
    }
  }
  if (auto read = run(); !read) return read;
  for (std::size_t i = 0; i < candidates.size(); ++i) {
    Candidate& candidate = candidates[i];
    Rows& found = results_[i];
    if (candidate.whose_turn() != candidate.delivery_id) {
      if (!found.empty() && candidate.due_at_ms) {
        commands_.push_back(Command(sql::kPark, {nullptr, candidate.delivery_id}));
        // The delivery ahead of the candidate goes first. If an operator retried that delivery
        // while the candidate was leased, it may have lost its due time to wait for the candidate.
        // So it is made due again.
        if (!candidate.running) {
          commands_.push_back(Command(sql::kPromote, {now_ms, candidate.lane}));
        }
      }
    } else if (found.empty()) {
      end(candidate.delivery_id, candidate.handler, candidate.lane, candidate.state, state::kDead,
          kRemoved, now_ms);
    } else {
      NotificationContent content = sql::kContent.read(found[0]);
      if (const PauseRecord* pause = pause_of(candidate, content.event_type)) {
        commands_.push_back(Command(sql::kPark, {pause->pause_id, candidate.delivery_id}));
      } else {
        take_up(candidate, std::move(content), now_ms, claim);
      }
    }
  }
  return run();
}

/// Takes one delivery whose lease may have ended without a result. If the handler had not been
/// called under that lease, nothing was lost. If it had been called, that attempt is lost and the
/// delivery is made again at once, because a process may end for many reasons. If a second attempt
/// is lost, the delivery itself may be the reason: the attempt then counts as failed, and the next
/// one waits for the backoff.
void Deliveries::take_up(Candidate& candidate, NotificationContent&& content, std::int64_t now_ms,
                         Claim& claim) {
  const bool lost_before = candidate.lost_before();
  if (candidate.has_begun()) {
    candidate.lost = "its lease ended without a result: replica " + candidate.lease_owner +
                     ", which held it, has ended or hangs";
  }
  if (candidate.has_begun() && !lost_before) {
    commands_.push_back(
        Command(sql::kRecordAttempt,
                {candidate.delivery_id, attempt_slot(candidate.attempts), candidate.attempts,
                 *candidate.begun_at_ms, now_ms, outcome::kLost, candidate.lost}));
  }
  ClaimRequest& wanted = claim.wanted_of(candidate.handler);
  --wanted.limit;
  bool begins = true;
  if (lost_before) {
    commands_.push_back(
        Command(sql::kInherit, {terms_.owner, claim.until_ms, candidate.delivery_id}));
  } else {
    begins = wanted.begin-- > 0;
    commands_.push_back(Command(sql::kTake, {terms_.owner, claim.until_ms,
                                             begins ? Parameter(claim.now_ms) : Parameter(nullptr),
                                             std::int64_t{begins ? 1 : 0}, candidate.delivery_id}));
  }
  const std::int64_t attempt = lost_before ? candidate.attempts : candidate.attempts + 1;
  claim.taken.push_back({.lease = {candidate.delivery_id, candidate.fence + 1},
                         .attempt = attempt - candidate.attempts_before,
                         .begun = begins,
                         .lost = lost_before ? candidate.lost : std::string(),
                         .handler = std::move(candidate.handler),
                         .ordering_key = std::move(candidate.ordering_key),
                         .notification_id = std::move(content.id),
                         .mchid = std::move(content.mchid),
                         .event_type = std::move(content.event_type),
                         .create_time = std::move(content.create_time),
                         .source = std::move(content.source),
                         .resource = std::move(content.resource),
                         .created_at_ms = candidate.created_at_ms,
                         .last_error = std::move(candidate.last_error)});
}

}  // namespace couponhook::storage
