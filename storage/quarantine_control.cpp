#include "storage/quarantine_control.hpp"

#include <set>
#include <string>
#include <utility>

#include "storage/fact_commands.hpp"
#include "storage/ordering_lane.hpp"
#include "storage/rows.hpp"
#include "storage/sql.hpp"
#include "storage/transaction.hpp"

namespace couponhook::storage {

QuarantineControl::QuarantineControl(std::shared_ptr<Connection> connection)
    : connection_(std::move(connection)) {}

QuarantineControl::Work QuarantineControl::run() {
  auto ran = connection_->run(commands_, results_);
  commands_.clear();
  return ran;
}

QuarantineControl::Work QuarantineControl::count_and_run() {
  counters_.append_commands(connection_->counter_slot(), commands_);
  return run();
}

QuarantineControl::Result<RereadResult> QuarantineControl::reread(const Admission& read,
                                                                  AuditRecord* audit) {
  auto result = RereadResult::kNotFound;
  const auto done = in_transaction(*connection_, [&]() -> Work {
    if (auto reread = reread_one(read, result); !reread) return reread;
    if (result == RereadResult::kNotFound) return {};
    return add_audit(*connection_, audit, result == RereadResult::kRead ? "read" : "read_already");
  });
  if (!done) return done.error();
  return result;
}

QuarantineControl::Work QuarantineControl::reread_one(const Admission& read, RereadResult& result) {
  result = RereadResult::kNotFound;
  counters_.clear();
  // The row of the notification is locked until the commit. If another transaction reads the
  // content of the same notification again, it waits, and then finds that the work is done.
  commands_.assign({Command(sql::kNotificationToRead, {read.id, read.mchid})});
  if (auto looked = run(); !looked) return looked;
  const auto stored = sql::kNotificationToRead.read_first(results_[0]);
  if (!stored) return {};

  bool is_new = false;
  bool is_repeated = false;
  if (read.fact) {
    if (auto added = add_fact(read, is_new, is_repeated); !added) return added;
  }
  result = stored->is_unreadable() || is_new ? RereadResult::kRead : RereadResult::kReadAlready;
  if (!stored->is_unreadable()) return {};
  commands_.push_back(Command(sql::kNoteFlaw, {text_or_null(read.flaw), stored->sequence}));
  counters_.add(counter::kUnreadable, -1);
  if (!is_repeated) {
    if (auto added = add_deliveries(read, *stored); !added) return added;
  }
  return count_and_run();
}

/// Stores the ledger fact (issuing, redemption or refund of a coupon) that was read from a stored
/// notification.
/// \param is_new set to true if the ledger did not have the fact, otherwise to false.
/// \param is_repeated set to true if a notification and WeChat Pay's own records both report the
/// fact and this is the second report, which must not be delivered again; otherwise to false.
QuarantineControl::Work QuarantineControl::add_fact(const Admission& read, bool& is_new,
                                                    bool& is_repeated) {
  commands_.assign({origin_of_fact(*read.fact)});
  append_fact(read, commands_);
  commands_.push_back(origin_of_fact(*read.fact));
  if (auto added = run(); !added) return added;
  is_new = results_[0].empty();
  is_repeated = is_repeated_fact(read, results_.back());
  return {};
}

/// Adds deliveries only for the handlers that have none for this notification yet: while the
/// notification was unreadable, it was already delivered to the handlers of its event type.
QuarantineControl::Work QuarantineControl::add_deliveries(const Admission& read,
                                                          const NotificationToRead& stored) {
  std::vector<Command> later = std::exchange(commands_, {});
  commands_.assign({Command(sql::kDeliveriesOf, {stored.sequence})});
  if (auto looked = run(); !looked) return looked;
  std::set<std::string, std::less<>> existing;
  for (Row& row : results_[0]) existing.insert(sql::kDeliveriesOf.read(row).handler);
  commands_ = std::move(later);
  for (const NewDelivery& delivery : read.deliveries) {
    if (existing.contains(delivery.handler)) continue;
    const std::int64_t lane = lane_of(delivery.handler, delivery.ordering_key);
    commands_.push_back(Command(
        sql::kInsertDelivery,
        {stored.sequence, delivery.handler, stored.received_at_ms, lane, delivery.ordering_key}));
    counters_.add_delivery(delivery.handler, counter::kDeliveriesPending);
  }
  return {};
}

QuarantineControl::Result<bool> QuarantineControl::discard(const SealedKey& key,
                                                           AuditRecord* audit) {
  bool discarded = false;
  const auto done = in_transaction(*connection_, [&]() -> Work {
    counters_.clear();
    commands_.assign(
        {Command(sql::kLeaveQuarantine, {key.quarantine_id, as_bytes(key.body_digest)})});
    if (auto removed = run(); !removed) return removed;
    discarded = !results_[0].empty();
    if (!discarded) return {};
    counters_.add(counter::kSealed, -1);
    auto counted = count_and_run();
    return counted ? add_audit(*connection_, audit, "done") : counted;
  });
  if (!done) return done.error();
  return discarded;
}

QuarantineControl::Result<bool> QuarantineControl::dismiss(std::string_view id,
                                                           std::string_view mchid,
                                                           std::string_view reason,
                                                           AuditRecord* audit) {
  bool dismissed = false;
  const auto done = in_transaction(*connection_, [&]() -> Work {
    dismissed = false;
    counters_.clear();
    commands_.assign({Command(sql::kNotificationToRead, {id, mchid})});
    if (auto looked = run(); !looked) return looked;
    const auto stored = sql::kNotificationToRead.read_first(results_[0]);
    if (!stored || !stored->is_unreadable()) return {};
    dismissed = true;
    std::string note(flaw::kHarmless);
    note.append("dismissed: ").append(reason).append("; ").append(stored->flaw);
    commands_.push_back(Command(sql::kNoteFlaw, {note, stored->sequence}));
    counters_.add(counter::kUnreadable, -1);
    auto counted = count_and_run();
    return counted ? add_audit(*connection_, audit, "done") : counted;
  });
  if (!done) return done.error();
  return dismissed;
}

}  // namespace couponhook::storage
