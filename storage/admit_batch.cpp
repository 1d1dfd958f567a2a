#include "storage/admit_batch.hpp"

#include <algorithm>
#include <limits>
#include <random>
#include <string_view>
#include <tuple>

#include "storage/fact_commands.hpp"
#include "storage/ordering_lane.hpp"
#include "storage/pauses.hpp"
#include "storage/rows.hpp"
#include "storage/sql.hpp"
#include "storage/transaction.hpp"

namespace couponhook::storage {
namespace {

constexpr std::size_t kNotAsked = std::numeric_limits<std::size_t>::max();

/// Sets the outcome of every request of a batch to kFailed when this guard goes out of scope,
/// unless release() was called after the commit.
class OutcomesFail {
 public:
  explicit OutcomesFail(std::span<Work> batch) : batch_(batch) {}
  OutcomesFail(const OutcomesFail&) = delete;
  OutcomesFail& operator=(const OutcomesFail&) = delete;
  ~OutcomesFail() {
    for (Work& work : batch_) {
      work.outcome = AdmitOutcome::kFailed;
      work.leased.clear();
    }
  }
  void release() { batch_ = {}; }

 private:
  std::span<Work> batch_;
};

Command insert_notification(const Admission& a) {
  return {sql::kInsertNotification,
          {a.id, a.mchid, a.event_type, a.create_time, a.received_at_ms, a.source,
           as_bytes(a.digest), a.envelope, Bytes{a.resource}, text_or_null(a.flaw)}};
}

Command keep_quarantined(const Quarantined& q) {
  return {sql::kKeepQuarantined,
          {as_bytes(q.body_digest), q.mchid, q.reason, q.detail, q.id, q.event_type, q.headers,
           Bytes{q.body}, q.received_at_ms}};
}

auto fact_key(const Admission& a) {
  const LedgerFact& f = *a.fact;
  return std::tie(f.stock_id, f.coupon, f.kind, f.transaction_id, f.business_key);
}

/// Adds the number of refused notifications to the message of a kMoved failure (the database file
/// was moved or replaced while it was open). Those notifications were written to a file that nobody
/// will open again, so WeChat Pay must send them again.
Failure with_count(Failure failure, std::size_t notifications) {
  if (failure.code == FailureCode::kMoved && notifications > 0) {
    failure.message += "; " + std::to_string(notifications) +
                       " notifications of the last write were refused, and come again";
  }
  return failure;
}

}  // namespace

BatchWriter::BatchWriter(Connection& connection, LeaseTerms terms)
    : connection_(connection), terms_(std::move(terms)) {}

BatchWriter::Result BatchWriter::write(std::span<Work> batch, std::int64_t now_ms) {
  OutcomesFail outcomes_fail(batch);
  commands_.clear();
  counters_.clear();
  std::string().swap(padding_);
  sort(batch);
  if (auto begun = connection_.begin(); !begun) return begun;
  Rollback rollback(connection_);
  if (auto written = write_all(now_ms); !written) return written;
  counters_.append_commands(connection_.counter_slot(), commands_);
  if (auto committed = connection_.run_and_commit(commands_, results_); !committed) {
    return with_count(committed.error(), admissions_.size() + quarantined_.size());
  }
  rollback.release();
  outcomes_fail.release();
  return {};
}

void BatchWriter::sort(std::span<Work> batch) {
  admissions_.clear();
  quarantined_.clear();
  probes_.clear();
  padding_bytes_ = 0;
  for (Work& work : batch) {
    if (const auto* admission = std::get_if<Admission>(&work.content)) {
      admissions_.push_back({.admission = admission, .work = &work});
    } else if (const auto* quarantined = std::get_if<Quarantined>(&work.content)) {
      quarantined_.push_back({.quarantined = quarantined, .outcome = &work.outcome});
    } else {
      probes_.push_back(&work.outcome);
      padding_bytes_ = std::max(padding_bytes_, std::get<Probe>(work.content).bytes);
    }
  }
  // A stable sort keeps the order of arrival: if one batch holds two copies of a notification, the
  // one that arrived first is stored.
  std::stable_sort(admissions_.begin(), admissions_.end(), [](const auto& a, const auto& b) {
    return std::tie(a.admission->id, a.admission->mchid) <
           std::tie(b.admission->id, b.admission->mchid);
  });
  std::stable_sort(quarantined_.begin(), quarantined_.end(), [](const auto& a, const auto& b) {
    return a.quarantined->body_digest < b.quarantined->body_digest;
  });
}

BatchWriter::Result BatchWriter::write_all(std::int64_t now_ms) {
  if (auto learned = learn_counters(); !learned) return learned;
  if (auto inserted = insert_rows(now_ms); !inserted) return inserted;
  if (auto followed = follow_up(); !followed) return followed;
  if (auto inserted = insert_deliveries(now_ms); !inserted) return inserted;
  return insert_conflicts();
}

BatchWriter::Result BatchWriter::learn_counters() {
  const std::int64_t slot = connection_.counter_slot();
  if (counted_slot_ == slot) return {};
  commands_.push_back(Command(sql::kCounterNames, {slot}));
  if (auto asked = run(); !asked) return asked;
  for (Row& row : results_[0]) counters_.know(take_text(only_field(row)));
  counted_slot_ = slot;
  return {};
}

BatchWriter::Result BatchWriter::insert_rows(std::int64_t now_ms) {
  for (const Admitted& item : admissions_) {
    commands_.push_back(insert_notification(*item.admission));
  }
  for (const Kept& item : quarantined_) commands_.push_back(keep_quarantined(*item.quarantined));
  if (!probes_.empty()) append_beat(now_ms);
  if (auto inserted = run(); !inserted) return inserted;

  std::size_t i = 0;
  for (Admitted& item : admissions_) {
    // The INSERT of a copy of a stored notification returns no row.
    item.sequence = first_integer(results_[i++]).value_or(0);
  }
  for (const Kept& item : quarantined_) {
    const bool is_new = only_integer(results_[i++]) == 1;
    if (is_new) {
      counters_.add(counter::kQuarantined);
      counters_.add(counter::kSealed);
    }
    *item.outcome = AdmitOutcome::kQuarantined;
  }
  for (AdmitOutcome* outcome : probes_) *outcome = AdmitOutcome::kAlive;
  return {};
}

void BatchWriter::append_beat(std::int64_t now_ms) {
  // The padding of a test row is random bytes, so that no database engine can compress it.
  std::minstd_rand noise;
  padding_.resize(padding_bytes_);
  for (char& byte : padding_) byte = static_cast<char>(noise() >> 8);
  commands_.push_back(Command(sql::kBeat, {connection_.counter_slot(), now_ms, Bytes{padding_}}));
}

BatchWriter::Result BatchWriter::follow_up() {
  copies_.clear();
  facts_.clear();
  with_deliveries_.clear();
  for (Admitted& item : admissions_) {
    const Admission& a = *item.admission;
    if (item.sequence == 0) {
      copies_.push_back(&item);
      commands_.push_back(Command(sql::kCountCopy, {a.received_at_ms, a.id, a.mchid}));
      commands_.push_back(Command(sql::kFirstOfCopy, {a.id, a.mchid}));
      continue;
    }
    item.work->outcome = AdmitOutcome::kStored;
    counters_.add(counter::kStored);
    counters_.add_type(a.event_type);
    if (a.flaw.starts_with(flaw::kUnreadable)) counters_.add(counter::kUnreadable);
    if (a.fact) facts_.push_back(&a);
    if (!a.deliveries.empty()) with_deliveries_.push_back(&item);
  }
  append_openids();
  append_facts();
  ask_for_origins();
  const std::size_t first_to_leave = commands_.size();
  for (const Admitted& item : admissions_) {
    // The notification is in the store now, either new or from before. So the quarantined body (the
    // undecrypted request that this notification was read from) is no longer needed and is deleted.
    if (const auto& sealed = item.admission->opened_from) {
      commands_.push_back(
          Command(sql::kLeaveQuarantine, {sealed->quarantine_id, as_bytes(sealed->body_digest)}));
    }
  }
  if (auto followed = run(); !followed) return followed;
  for (std::size_t i = first_to_leave; i < results_.size(); ++i) {
    if (!results_[i].empty()) counters_.add(counter::kSealed, -1);
  }
  skip_repeated_facts();
  return read_copies();
}

void BatchWriter::append_openids() {
  for (const Admitted& item : admissions_) {
    const auto& digest = item.admission->openid_digest;
    if (item.sequence == 0 || !digest) continue;
    commands_.push_back(Command(sql::kInsertOpenid, {item.sequence, as_bytes(*digest)}));
  }
}

void BatchWriter::append_facts() {
  std::stable_sort(facts_.begin(), facts_.end(), [](const Admission* a, const Admission* b) {
    return fact_key(*a) < fact_key(*b);
  });
  for (const Admission* admission : facts_) append_fact(*admission, commands_);
}

/// Adds commands that read which notification stored each ledger fact first. A ledger fact is the
/// issuing, redemption or refund of a coupon. The commands run after the INSERT of the facts, so
/// the answer is right even if other transactions insert the same facts meanwhile.
void BatchWriter::ask_for_origins() {
  origins_.clear();
  for (const Admitted* item : with_deliveries_) {
    const auto& fact = item->admission->fact;
    origins_.push_back(fact ? commands_.size() : kNotAsked);
    if (fact) commands_.push_back(origin_of_fact(*fact));
  }
}

void BatchWriter::skip_repeated_facts() {
  std::size_t i = 0;
  std::erase_if(with_deliveries_, [&](const Admitted* item) {
    const std::size_t origin = origins_[i++];
    return origin != kNotAsked && is_repeated_fact(*item->admission, results_[origin]);
  });
}

/// Inserts the deliveries of new notifications in the order in which the notifications arrived,
/// because the deliveries of one coupon are made in that order.
BatchWriter::Result BatchWriter::insert_deliveries(std::int64_t now_ms) {
  made_deliveries_ = false;
  if (with_deliveries_.empty()) return {};
  std::ranges::sort(with_deliveries_, {}, &Admitted::work);
  if (auto looked = read_lanes(); !looked) return looked;
  leasing_.clear();
  for (const Admitted* item : with_deliveries_) {
    for (const NewDelivery& delivery : item->admission->deliveries) {
      append_delivery(*item, delivery, now_ms);
    }
  }
  if (auto inserted = run(); !inserted) return inserted;
  for (const Leasing& leasing : leasing_) {
    const std::int64_t id = only_integer(results_[leasing.position]);
    leasing.work->leased.push_back({leasing.delivery->handler, {.delivery_id = id, .fence = 1}});
  }
  return {};
}

/// Reads which ordering lanes (one handler and one coupon) already have an open delivery, and which
/// pauses are active. In such a lane, or under a pause, a new delivery must wait and gets no lease.
BatchWriter::Result BatchWriter::read_lanes() {
  taken_lanes_.clear();
  pauses_.clear();
  for (const Admitted* item : with_deliveries_) {
    for (const NewDelivery& delivery : item->admission->deliveries) {
      if (!delivery.leased) continue;
      commands_.push_back(
          Command(sql::kOpenLane, {lane_of(delivery.handler, delivery.ordering_key)}));
    }
  }
  leases_wanted_ = !commands_.empty();
  if (!leases_wanted_) return {};
  commands_.push_back(Command(sql::kPauses, {}));
  if (auto looked = run(); !looked) return looked;
  pauses_ = sql::kPauses.read_all(results_.back());
  results_.pop_back();
  for (const Rows& rows : results_) {
    if (const auto lane = first_integer(rows)) taken_lanes_.insert(*lane);
  }
  return {};
}

bool BatchWriter::is_paused(const NewDelivery& delivery, std::string_view event_type) const {
  return std::ranges::any_of(pauses_, [&](const PauseRecord& pause) {
    return holds_back(pause, delivery.handler, event_type);
  });
}

void BatchWriter::append_delivery(const Admitted& item, const NewDelivery& delivery,
                                  std::int64_t now_ms) {
  const std::int64_t received_at_ms = item.admission->received_at_ms;
  const std::int64_t lane = lane_of(delivery.handler, delivery.ordering_key);
  counters_.add_delivery(delivery.handler, counter::kDeliveriesPending);
  const bool first = leases_wanted_ && taken_lanes_.insert(lane).second;
  if (delivery.leased && first && !is_paused(delivery, item.admission->event_type)) {
    leasing_.push_back({item.work, &delivery, commands_.size()});
    commands_.push_back(
        Command(sql::kInsertLeasedDelivery,
                {item.sequence, delivery.handler, now_ms + terms_.lease.count(), received_at_ms,
                 lane, delivery.ordering_key, terms_.owner, now_ms}));
    return;
  }
  made_deliveries_ = true;
  commands_.push_back(Command(sql::kInsertDelivery, {item.sequence, delivery.handler,
                                                     received_at_ms, lane, delivery.ordering_key}));
}

BatchWriter::Result BatchWriter::read_copies() {
  conflicts_.clear();
  for (std::size_t i = 0; i < copies_.size(); ++i) {
    Admitted& copy = *copies_[i];
    // For each copy of a stored notification two commands were run: the first counts the copy, the
    // second reads the stored row. This is the result of the second.
    const auto first = sql::kFirstOfCopy.read_first(results_[2 * i + 1]);
    if (!first) {
      // Another connection deleted the stored notification after our INSERT had found it and before
      // our UPDATE could count the copy.
      return Failure{FailureCode::kConflict,
                     "a notification was removed while a copy of it was being counted"};
    }
    if (first->digest == copy.admission->digest) {
      copy.work->outcome = AdmitOutcome::kDuplicate;
      counters_.add(counter::kDuplicates);
    } else {
      copy.work->outcome = AdmitOutcome::kConflict;
      copy.sequence = first->sequence;
      conflicts_.push_back(&copy);
    }
  }
  return {};
}

BatchWriter::Result BatchWriter::insert_conflicts() {
  if (conflicts_.empty()) return {};
  for (const Admitted* item : conflicts_) {
    const Admission& a = *item->admission;
    commands_.push_back(Command(sql::kInsertConflict, {item->sequence, as_bytes(a.digest),
                                                       Bytes{a.resource}, a.received_at_ms}));
  }
  if (auto inserted = run(); !inserted) return inserted;
  for (std::size_t i = 0; i < conflicts_.size(); ++i) {
    // A copy with different content, whose content was already stored as a conflict, counts as a
    // duplicate and not as one more conflict.
    counters_.add(results_[i].empty() ? counter::kDuplicates : counter::kConflicts);
  }
  return {};
}

BatchWriter::Result BatchWriter::run() {
  auto ran = connection_.run(commands_, results_);
  commands_.clear();
  return ran;
}

}  // namespace couponhook::storage
