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

/// Number of times that one call of Deliveries::claim() reads due deliveries. One reading may not
/// be enough, because most of the deliveries read may have to wait for an earlier one of the same
/// handler and coupon.
constexpr int kRoundsMax = 4;
/// Number of deliveries that one claim releases from a pause that has ended. Releasing them in
/// small batches keeps the transaction short.
constexpr std::int64_t kUnparkMax = 500;
/// Milliseconds for which the row of an ended pause stays in the table of pauses. A claim that
/// began before the pause ended may still hold back a delivery because of the pause; a later claim
/// must then find the row of the pause to release that delivery.
constexpr std::int64_t kPauseMemoryMs = 600'000;

/// Index of the column with the event type in a result row of sql::kDeliveriesToClaim; it follows
/// the columns that describe the delivery.
constexpr std::size_t kEventType = 18;

constexpr std::string_view kRemoved = "its notification has been removed from the store";

}  // namespace

struct Deliveries::Candidate {
  enum class Decision : std::uint8_t { kTake, kBlocked, kLeave };

  explicit Candidate(Row& row)
      : delivery_id(integer(row[0])),
        handler(take_text(row[1])),
        lane(integer(row[2])),
        notification(integer(row[3])),
        state(take_text(row[4])),
        attempts(integer(row[5])),
        attempts_before(integer(row[6])),
        fence(integer(row[7])),
        due_at_ms(optional_integer(row[8])),
        leased(!is_null(row[9])),
        lease_owner(leased ? take_text(row[9]) : std::string()),
        parked_by(optional_integer(row[10])),
        created_at_ms(integer(row[11])),
        ordering_key(take_text(row[12])),
        last_error(take_text(row[13])),
        head(optional_integer(row[14])),
        running(optional_integer(row[15])),
        begun_at_ms(optional_integer(row[17])),
        begun(leased && begun_at_ms),
        lost_before(begun && integer(row[16]) > 0) {}

  [[nodiscard]] bool is_open() const {
    return state == state::kPending || state == state::kRetrying;
  }
  [[nodiscard]] bool is_running(std::int64_t now_ms) const {
    return leased && due_at_ms && *due_at_ms > now_ms;
  }
  /// \return the number of the delivery that goes first in this ordering lane (same handler and
  /// coupon): the leased delivery, or else the oldest open one. The leased one is finished first
  /// even if an operator has meanwhile retried an older one.
  [[nodiscard]] std::int64_t whose_turn() const {
    return running.value_or(head.value_or(delivery_id));
  }

  std::int64_t delivery_id;
  std::string handler;
  std::int64_t lane;
  std::int64_t notification;
  std::string state;
  std::int64_t attempts;
  std::int64_t attempts_before;
  std::int64_t fence;
  std::optional<std::int64_t> due_at_ms;
  bool leased;
  std::string lease_owner;
  std::optional<std::int64_t> parked_by;
  std::int64_t created_at_ms;
  std::string ordering_key;
  std::string last_error;
  std::optional<std::int64_t> head;
  std::optional<std::int64_t> running;
  std::optional<std::int64_t> begun_at_ms;
  /// The lease ended after the handler had been called: that attempt is lost, no result is known.
  bool begun;
  bool lost_before;  ///< an earlier attempt of the current round of attempts was lost too
  std::string lost;  ///< error text for the attempt that was lost
};

/// Deliveries that one call of claim() or claim_of() has taken so far, with the terms of their
/// leases.
struct Deliveries::Claim {
  std::vector<ClaimedDelivery> taken;
  std::int64_t now_ms = 0;
  std::int64_t until_ms = 0;
  /// For each handler: number of further deliveries whose handler is called at once.
  std::vector<Wanted> to_begin;

  [[nodiscard]] bool begins(std::string_view handler) {
    const auto left = std::ranges::find(to_begin, handler, &Wanted::handler);
    return left != to_begin.end() && left->begin-- > 0;
  }
};

Deliveries::Result<std::vector<ClaimedDelivery>> Deliveries::claim(std::span<const Wanted> wanted,
                                                                   std::int64_t now_ms) {
  Claim claim;
  const auto claimed =
      in_transaction(*connection_, [&] { return claim_due(wanted, now_ms, claim); });
  if (!claimed) return claimed.error();
  return std::move(claim.taken);
}

Deliveries::Work Deliveries::claim_due(std::span<const Wanted> wanted, std::int64_t now_ms,
                                       Claim& claim) {
  std::vector<Wanted> left(wanted.begin(), wanted.end());
  claim = {
      .taken = {}, .now_ms = now_ms, .until_ms = now_ms + terms_.lease.count(), .to_begin = left};
  counters_.clear();
  commands_.clear();
  if (auto looked = look_at_pauses(now_ms); !looked) return looked;
  for (int round = 0; round < kRoundsMax; ++round) {
    std::erase_if(left, [&](const Wanted& w) { return w.limit <= 0 || is_paused(w.handler); });
    if (left.empty()) break;
    for (const Wanted& w : left) {
      commands_.push_back(Command(sql::kDueDeliveries, {w.handler, now_ms, w.limit}));
    }
    if (auto read = run(); !read) return read;
    std::vector<Candidate> candidates;
    for (std::size_t i = 0; i < left.size(); ++i) {
      for (Row& row : results_[i]) candidates.emplace_back(row);
      if (std::ssize(results_[i]) < left[i].limit) left[i].limit = 0;
    }
    const std::size_t taken_before = claim.taken.size();
    if (auto taken = take(candidates, now_ms, claim); !taken) return taken;
    for (std::size_t i = taken_before; i < claim.taken.size(); ++i) {
      const auto w = std::ranges::find(left, claim.taken[i].handler, &Wanted::handler);
      if (w != left.end()) --w->limit;
    }
  }
  return count_and_run();
}

Deliveries::Result<std::vector<DeliveryStanding>> Deliveries::claim_of(
    std::string_view mchid, std::string_view notification_id,
    std::span<const std::string_view> handlers, std::int64_t now_ms, bool begins) {
  std::vector<DeliveryStanding> standings;
  Claim claim;
  const auto claimed = in_transaction(*connection_, [&]() -> Work {
    claim = {
        .taken = {}, .now_ms = now_ms, .until_ms = now_ms + terms_.lease.count(), .to_begin = {}};
    for (const std::string_view handler : handlers) {
      claim.to_begin.push_back({.handler = handler, .limit = 1, .begin = begins ? 1 : 0});
    }
    standings.clear();
    counters_.clear();
    commands_.clear();
    if (auto looked = look_at_pauses(now_ms); !looked) return looked;
    commands_.push_back(Command(sql::kDeliveriesToClaim, {notification_id, mchid}));
    if (auto read = run(); !read) return read;
    std::vector<Candidate> candidates;
    for (Row& row : results_[0]) {
      Candidate candidate(row);
      if (std::ranges::find(handlers, candidate.handler) == handlers.end()) continue;
      DeliveryStanding standing{candidate.handler, Standing::kWaiting, candidate.last_error, {}};
      if (!candidate.is_open()) {
        standing.standing = candidate.state == state::kDead ? Standing::kDead : Standing::kDone;
      } else if (candidate.is_running(now_ms)) {
        standing.standing = Standing::kInProgress;
      } else if (pause_of(candidate, std::get<std::string>(row[kEventType])) != nullptr) {
        standing.standing = Standing::kPaused;
      } else if (!candidate.parked_by) {
        candidates.push_back(std::move(candidate));
      }
      standings.push_back(std::move(standing));
    }
    if (auto taken = take(candidates, now_ms, claim); !taken) return taken;
    return count_and_run();
  });
  if (!claimed) return claimed.error();
  for (ClaimedDelivery& taken : claim.taken) {
    const auto standing = std::ranges::find(standings, taken.handler, &DeliveryStanding::handler);
    standing->standing = Standing::kClaimed;
    standing->claimed = std::move(taken);
  }
  return standings;
}

/// Reads the pauses that operators have set. Releases a limited number of deliveries that a pause
/// still holds back although the pause has ended.
Deliveries::Work Deliveries::look_at_pauses(std::int64_t now_ms) {
  commands_.push_back(Command(sql::kPauses, {}));
  if (auto read = run(); !read) return read;
  pauses_ = pauses_from(results_[0]);
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
/// time if another transaction is just ending the delivery ahead (its row is locked), because that
/// transaction cannot see that the candidate waits.
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
        // The delivery ahead goes first. If an operator retried it while this candidate was leased,
        // it may have lost its due time to wait for this candidate. So it is made due again.
        if (!candidate.running) {
          commands_.push_back(Command(sql::kPromote, {now_ms, candidate.lane}));
        }
      }
    } else if (found.empty()) {
      end(candidate.delivery_id, candidate.lane, candidate.state, state::kDead, kRemoved, now_ms);
    } else if (const PauseRecord* pause = pause_of(candidate, std::get<std::string>(found[0][2]))) {
      commands_.push_back(Command(sql::kPark, {pause->pause_id, candidate.delivery_id}));
    } else {
      take_up(candidate, found[0], now_ms, claim);
    }
  }
  return run();
}

/// Takes one delivery whose lease may have ended without a result. If the handler had not been
/// called under that lease, nothing was lost. If it had been called, that attempt is lost and the
/// delivery is made again at once, because a process may end for many reasons. If a second attempt
/// is lost, the delivery itself may be the reason: the attempt then counts as failed, and the next
/// one waits for the backoff.
void Deliveries::take_up(Candidate& candidate, Row& content, std::int64_t now_ms, Claim& claim) {
  if (candidate.begun) {
    candidate.lost = "its lease ended without a result: replica " + candidate.lease_owner +
                     ", which held it, has ended or hangs";
  }
  if (candidate.begun && !candidate.lost_before) {
    commands_.push_back(
        Command(sql::kRecordAttempt,
                {candidate.delivery_id, attempt_slot(candidate.attempts), candidate.attempts,
                 *candidate.begun_at_ms, now_ms, outcome::kLost, candidate.lost}));
  }
  bool begins = true;
  if (candidate.lost_before) {
    commands_.push_back(
        Command(sql::kInherit, {terms_.owner, claim.until_ms, candidate.delivery_id}));
  } else {
    begins = claim.begins(candidate.handler);
    commands_.push_back(Command(sql::kTake, {terms_.owner, claim.until_ms,
                                             begins ? Parameter(claim.now_ms) : Parameter(nullptr),
                                             std::int64_t{begins ? 1 : 0}, candidate.delivery_id}));
  }
  const std::int64_t attempt = candidate.lost_before ? candidate.attempts : candidate.attempts + 1;
  claim.taken.push_back({.lease = {candidate.delivery_id, candidate.fence + 1},
                         .attempt = attempt - candidate.attempts_before,
                         .begun = begins,
                         .lost = candidate.lost_before ? candidate.lost : std::string(),
                         .handler = std::move(candidate.handler),
                         .ordering_key = std::move(candidate.ordering_key),
                         .notification_id = take_text(content[0]),
                         .mchid = take_text(content[1]),
                         .event_type = take_text(content[2]),
                         .create_time = take_text(content[3]),
                         .source = take_text(content[4]),
                         .resource = take_text(content[5]),
                         .created_at_ms = candidate.created_at_ms,
                         .last_error = std::move(candidate.last_error)});
}

}  // namespace couponhook::storage
