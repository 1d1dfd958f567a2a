#include "storage/reader.hpp"

#include <algorithm>
#include <array>
#include <functional>
#include <limits>
#include <set>
#include <utility>

#include "storage/counter_deltas.hpp"
#include "storage/delivery_states.hpp"
#include "storage/rows.hpp"
#include "storage/sql.hpp"

namespace couponhook::storage {
namespace {

constexpr std::int64_t kEarliest = std::numeric_limits<std::int64_t>::min();
constexpr std::int64_t kLatest = std::numeric_limits<std::int64_t>::max();

/// Number of rows that one page of a list may look at. If few rows match a filter, the page is
/// short and has a cursor to continue from, so that no request reads through the whole store.
constexpr std::int64_t kRowsLookedAtMax = 20'000;
constexpr std::int64_t kPageMax = 500;

/// Limits of unclaimed_deliveries(), which counts open deliveries of removed handlers: the largest
/// number of ordering lanes (one handler and one coupon) to look at for one handler, and the
/// largest number of paused deliveries to look at.
constexpr std::int64_t kLanesLookedAtMax = 20'000;
constexpr std::int64_t kParkedLookedAtMax = 10'000;

/// Size in bytes at which a page of notifications with their content ends. The last notification
/// may exceed this size, because one notification may be as large as the largest body that the
/// service accepts.
constexpr std::size_t kPageBytesMax = std::size_t{4} << 20;
/// Number of notifications whose content and deliveries are read in one round trip to the database.
constexpr std::size_t kAskedTogether = 16;

/// Adds attempts to the history of their deliveries. Both lists must be in the order of the
/// delivery numbers.
void add_history(std::vector<DeliveryRecord>& deliveries, Rows& attempts) {
  auto delivery = deliveries.begin();
  for (Row& row : attempts) {
    AttemptOfDelivery attempt = sql::kAttemptsOf.read(row);
    while (delivery != deliveries.end() && delivery->delivery_id < attempt.delivery_id) ++delivery;
    if (delivery == deliveries.end()) return;
    delivery->history.push_back(std::move(attempt));
  }
}

LedgerRecord record_of(ReportedFact&& reported, std::string_view coupon) {
  LedgerRecord record;
  record.mchid = std::move(reported.mchid);
  record.notification_id = std::move(reported.notification_id);
  record.source = std::move(reported.source);
  if (reported.share_amount && reported.share_refund_amount) {
    reported.shares.push_back(
        {std::string(coupon), *reported.share_amount, *reported.share_refund_amount});
  }
  record.fact = std::move(reported);
  return record;
}

/// Source of a list of notifications: the table of stored notifications, the quarantine (a table of
/// its own), or the index of the notifications that have a flaw (an error in their content).
enum class Listing : std::uint8_t { kKept, kQuarantine, kUnreadable };

Listing listing_of(const NotificationFilter& filter) {
  if (filter.state == "quarantined") return Listing::kQuarantine;
  return filter.state == "unreadable" ? Listing::kUnreadable : Listing::kKept;
}

/// Returns true if a filter leaves out some rows of a list. The state "quarantined" alone leaves
/// out nothing, because it selects the table of quarantined bodies.
bool restricts(const NotificationFilter& filter, Listing listing) {
  return !filter.event_type.empty() || !filter.mchid.empty() || filter.since_ms ||
         filter.until_ms || (!filter.state.empty() && listing != Listing::kQuarantine);
}

const Statement& floor_statement(Listing listing) {
  if (listing == Listing::kQuarantine) return sql::kQuarantineFloor;
  return listing == Listing::kUnreadable ? sql::kFlawFloor : sql::kNotificationFloor;
}

const Query<NotificationRecord>& list_query(Listing listing) {
  if (listing == Listing::kQuarantine) return sql::kListQuarantine;
  return listing == Listing::kUnreadable ? sql::kListUnreadable : sql::kListNotifications;
}

/// Adds a total of one handler's deliveries in one state, whose name is like "deliveries:dead:crm".
/// \return false if the total is another one.
bool add_handler_total(std::string_view name, std::int64_t value,
                       std::map<std::string, DeliveryTotals>& by_handler) {
  if (!name.starts_with(counter::kDeliveriesPrefix)) return false;
  const auto colon = name.find(':', counter::kDeliveriesPrefix.size());
  if (colon == std::string_view::npos) return false;
  static constexpr std::array<std::pair<std::string_view, std::int64_t DeliveryTotals::*>, 5>
      kMembers{{{counter::kDeliveriesPending, &DeliveryTotals::pending},
                {counter::kDeliveriesRetrying, &DeliveryTotals::retrying},
                {counter::kDeliveriesDead, &DeliveryTotals::dead},
                {counter::kDeliveriesDone, &DeliveryTotals::done},
                {counter::kDeliveriesSkipped, &DeliveryTotals::skipped}}};
  DeliveryTotals& totals = by_handler[std::string(name.substr(colon + 1))];
  for (const auto& [total, member] : kMembers) {
    if (name.substr(0, colon) == total) totals.*member = value;
  }
  return true;
}

StoreCounts totals_from(Rows& rows) {
  StoreCounts counts;
  const std::array<std::pair<std::string_view, std::int64_t*>, 11> totals{{
      {counter::kStored, &counts.stored},
      {counter::kDuplicates, &counts.duplicates},
      {counter::kConflicts, &counts.conflicts},
      {counter::kQuarantined, &counts.quarantined},
      {counter::kSealed, &counts.sealed},
      {counter::kUnreadable, &counts.unreadable},
      {counter::kDeliveriesPending, &counts.deliveries_pending},
      {counter::kDeliveriesRetrying, &counts.deliveries_retrying},
      {counter::kDeliveriesDead, &counts.deliveries_dead},
      {counter::kDeliveriesDone, &counts.deliveries_done},
      {counter::kDeliveriesSkipped, &counts.deliveries_skipped},
  }};
  for (const auto& [name, value] : sql::kTotals.read_all(rows)) {
    if (add_handler_total(name, value, counts.by_handler)) continue;
    if (name.starts_with(counter::kTypePrefix)) {
      counts.by_type.push_back({name.substr(counter::kTypePrefix.size()), value});
      continue;
    }
    for (const auto& [known, into] : totals) {
      if (name == known) *into = value;
    }
  }
  return counts;
}

}  // namespace

Reader::Reader(std::unique_ptr<Connection> connection) : connection_(std::move(connection)) {}

Reader::Result<StoreCounts> Reader::counts() {
  const std::array commands{Command(sql::kTotals, {}), Command(sql::kLastReceived, {}),
                            Command(sql::kOldestOpenDelivery, {})};
  std::vector<Rows> results;
  if (auto ran = connection_->run(commands, results); !ran) return ran.error();
  StoreCounts counts = totals_from(results[0]);
  counts.last_received_at_ms = first_integer(results[1]);
  counts.oldest_pending_at_ms = least(results[2]);
  return counts;
}

Reader::Result<std::vector<std::optional<std::int64_t>>> Reader::next_due_ms(
    std::span<const std::string> handlers) {
  std::vector<Command> commands;
  for (const std::string& handler : handlers) {
    commands.push_back(Command(sql::kNextDue, {std::string_view(handler)}));
  }
  std::vector<Rows> results;
  if (auto ran = connection_->run(commands, results); !ran) return ran.error();
  std::vector<std::optional<std::int64_t>> due;
  for (const Rows& rows : results) due.push_back(first_integer(rows));
  return due;
}

Reader::Result<std::optional<NotificationRecord>> Reader::notification(std::string_view id,
                                                                       std::string_view mchid) {
  // An empty id must find nothing: it would match the quarantined bodies from which no id could be
  // read.
  if (id.empty()) return std::optional<NotificationRecord>();
  const std::array commands{Command(sql::kNotificationById, {id, mchid}),
                            Command(sql::kQuarantinedById, {id, mchid})};
  std::vector<Rows> results;
  if (auto ran = connection_->run(commands, results); !ran) return ran.error();
  auto record = sql::kNotificationById.read_first(results[0]);
  if (!record) return sql::kQuarantinedById.read_first(results[1]);
  NotificationRecord* const found[] = {&*record};
  if (auto added = add_deliveries(found); !added) return added.error();
  return record;
}

Reader::Result<void> Reader::add_deliveries(std::span<NotificationRecord* const> records) {
  std::vector<Command> commands;
  for (const NotificationRecord* record : records) {
    commands.push_back(Command(sql::kDeliveriesOf, {record->sequence}));
    commands.push_back(Command(sql::kAttemptsOf, {record->sequence}));
  }
  if (commands.empty()) return {};
  std::vector<Rows> results;
  if (auto ran = connection_->run(commands, results); !ran) return ran;
  for (std::size_t i = 0; i < records.size(); ++i) {
    records[i]->deliveries = sql::kDeliveriesOf.read_all(results[2 * i]);
    add_history(records[i]->deliveries, results[2 * i + 1]);
  }
  return {};
}

Reader::Result<NotificationPage> Reader::notifications(const NotificationFilter& filter) {
  const Listing listing = listing_of(filter);
  const bool quarantine = listing == Listing::kQuarantine;
  const std::int64_t limit = std::clamp<std::int64_t>(filter.limit, 1, kPageMax);
  const std::int64_t before = filter.before_sequence.value_or(kLatest);
  const std::int64_t since = filter.since_ms.value_or(kEarliest);
  const std::int64_t until = filter.until_ms.value_or(kLatest);
  std::vector<Rows> results;

  std::optional<std::int64_t> floor;
  if (restricts(filter, listing)) {
    const std::array ask_floor{Command(floor_statement(listing), {before, kRowsLookedAtMax - 1})};
    if (auto ran = connection_->run(ask_floor, results); !ran) return ran.error();
    floor = first_integer(results[0]);
  }

  // Read one row more than fits on the page, to know whether there is a next page.
  const std::int64_t lowest = floor.value_or(kEarliest);
  const Query<NotificationRecord>& list = list_query(listing);
  const std::array ask_page{listing == Listing::kKept
                                ? Command(list, {before, lowest, filter.event_type, filter.state,
                                                 filter.mchid, since, until, limit + 1})
                                : Command(list, {before, lowest, filter.event_type, filter.mchid,
                                                 since, until, limit + 1})};
  if (auto ran = connection_->run(ask_page, results); !ran) return ran.error();

  NotificationPage page{.items = {}, .next_before_sequence = floor};
  for (Row& row : results[0]) {
    if (std::ssize(page.items) == limit) {
      page.next_before_sequence = page.items.back().sequence;
      break;
    }
    page.items.push_back(list.read(row));
  }
  if (filter.whole && !quarantine) {
    if (auto added = add_content(page); !added) return added.error();
  }
  return page;
}

/// Reads the content and the deliveries of the notifications on a page. If the page becomes too
/// large, the remaining notifications are left to the next page.
Reader::Result<void> Reader::add_content(NotificationPage& page) {
  std::vector<NotificationRecord>& items = page.items;
  std::vector<Command> commands;
  std::vector<Rows> results;
  std::size_t bytes = 0;
  for (std::size_t i = 0; i < items.size(); ++i) {
    const std::size_t place = i % kAskedTogether;
    if (place == 0) {
      commands.clear();
      for (std::size_t j = i; j < std::min(i + kAskedTogether, items.size()); ++j) {
        commands.push_back(Command(sql::kResourceOf, {items[j].sequence}));
        commands.push_back(Command(sql::kDeliveriesOf, {items[j].sequence}));
      }
      if (auto ran = connection_->run(commands, results); !ran) return ran;
    }
    NotificationRecord& item = items[i];
    for (Row& row : results[2 * place]) item.resource = take_text(only_field(row));
    item.deliveries = sql::kDeliveriesOf.read_all(results[2 * place + 1]);
    bytes += item.envelope.size() + item.resource.size();
    if (bytes >= kPageBytesMax && i + 1 < items.size()) {
      page.next_before_sequence = item.sequence;
      items.resize(i + 1);
    }
  }
  return {};
}

Reader::Result<std::optional<SealedRecord>> Reader::sealed_of(std::string_view id,
                                                              std::string_view mchid) {
  if (id.empty()) return std::optional<SealedRecord>();
  const std::array ask{Command(sql::kQuarantinedById, {id, mchid})};
  std::vector<Rows> results;
  if (auto ran = connection_->run(ask, results); !ran) return ran.error();
  const auto record = sql::kQuarantinedById.read_first(results[0]);
  if (!record) return std::optional<SealedRecord>();
  return sealed(record->sequence);
}

Reader::Result<std::optional<SealedRecord>> Reader::sealed(std::int64_t quarantine_id) {
  const std::array ask{Command(sql::kSealedById, {quarantine_id})};
  std::vector<Rows> results;
  if (auto ran = connection_->run(ask, results); !ran) return ran.error();
  auto body = sql::kSealedById.read_first(results[0]);
  if (!body) return std::optional<SealedRecord>();
  return std::optional(SealedRecord{.key = {quarantine_id, body->body_digest},
                                    .mchid = std::move(body->mchid),
                                    .headers = std::move(body->headers),
                                    .body = std::move(body->body),
                                    .received_at_ms = body->received_at_ms});
}

Reader::Result<DeliveryPage> Reader::deliveries(const DeliveryFilter& filter) {
  // Deliveries in a state other than "done" are listed through an index on the state. Every other
  // list reads through all deliveries in order.
  const bool by_state = !filter.state.empty() && filter.state != state::kDone;
  const bool filtered = !filter.handler.empty() || !filter.event_type.empty() ||
                        !filter.mchid.empty() || !filter.error.empty() || filter.since_ms ||
                        filter.until_ms || (!filter.state.empty() && !by_state);
  const std::int64_t limit = std::clamp<std::int64_t>(filter.limit, 1, kPageMax);
  const std::int64_t before = filter.before_delivery.value_or(kLatest);
  const std::int64_t since = filter.since_ms.value_or(kEarliest);
  const std::int64_t until = filter.until_ms.value_or(kLatest);
  std::vector<Rows> results;

  std::optional<std::int64_t> floor;
  if (filtered) {
    const std::array ask_floor{
        by_state ? Command(sql::kUndoneFloor, {filter.state, before, kRowsLookedAtMax - 1})
                 : Command(sql::kDeliveryFloor, {before, kRowsLookedAtMax - 1})};
    if (auto ran = connection_->run(ask_floor, results); !ran) return ran.error();
    floor = first_integer(results[0]);
  }
  const std::int64_t lowest = floor.value_or(kEarliest);
  const Query<DeliveryRecord>& list = by_state ? sql::kListUndone : sql::kListDeliveries;
  const std::array ask_page{
      by_state ? Command(list, {filter.state, before, lowest, filter.handler, filter.event_type,
                                filter.mchid, filter.error, since, until, limit + 1})
               : Command(list, {before, lowest, filter.state, filter.handler, filter.event_type,
                                filter.mchid, filter.error, since, until, limit + 1})};
  if (auto ran = connection_->run(ask_page, results); !ran) return ran.error();

  DeliveryPage page;
  for (Row& row : results[0]) {
    if (std::ssize(page.items) == limit) {
      page.next_before_delivery = page.items.back().delivery_id;
      return page;
    }
    page.items.push_back(list.read(row));
  }
  page.next_before_delivery = floor;
  return page;
}

Reader::Result<std::vector<PauseRecord>> Reader::pauses() {
  const std::array ask{Command(sql::kPauses, {})};
  std::vector<Rows> results;
  if (auto ran = connection_->run(ask, results); !ran) return ran.error();
  std::vector<PauseRecord> pauses = sql::kPauses.read_all(results[0]);
  std::erase_if(pauses, [](const PauseRecord& pause) { return pause.resumed_at_ms.has_value(); });
  return pauses;
}

Connection::Result<std::vector<HandlerBacklog>> unclaimed_deliveries(
    Connection& connection, std::span<const std::string> served) {
  std::set<std::string, std::less<>> handlers;
  std::vector<Rows> results;
  std::string last;
  while (true) {
    // Each statement finds the next handler in the index of due deliveries (to be made now), so the
    // cost does not grow with the number of deliveries of a handler.
    const std::array ask{Command(sql::kNextDueHandler, {last})};
    if (auto ran = connection.run(ask, results); !ran) return ran.error();
    if (results[0].empty()) break;
    last = take_text(only_field(results[0][0]));
    handlers.insert(last);
  }
  const std::array ask{Command(sql::kParkedHandlers, {kParkedLookedAtMax})};
  if (auto ran = connection.run(ask, results); !ran) return ran.error();
  for (Row& row : results[0]) handlers.insert(take_text(only_field(row)));

  std::vector<HandlerBacklog> found;
  for (const std::string& handler : handlers) {
    if (std::ranges::find(served, handler) != served.end()) continue;
    const std::array ask_open{Command(sql::kOpenOfHandler, {handler, kLanesLookedAtMax})};
    if (auto ran = connection.run(ask_open, results); !ran) return ran.error();
    const std::int64_t open = only_integer(results[0]);
    if (open > 0) found.push_back({.handler = handler, .open = open});
  }
  return found;
}

Reader::Result<std::vector<HandlerBacklog>> Reader::unclaimed(std::span<const std::string> served) {
  return unclaimed_deliveries(*connection_, served);
}

Reader::Result<std::optional<DeliveryRecord>> Reader::delivery(std::int64_t delivery_id) {
  const std::array ask{Command(sql::kDeliveryById, {delivery_id})};
  std::vector<Rows> results;
  if (auto ran = connection_->run(ask, results); !ran) return ran.error();
  return sql::kDeliveryById.read_first(results[0]);
}

Reader::Result<std::vector<LedgerRecord>> Reader::coupon(std::string_view stock_id,
                                                         std::string_view coupon) {
  const CouponKey key{std::string(stock_id), std::string(coupon)};
  auto all = coupons({&key, 1});
  if (!all) return all.error();
  return std::move(all->front());
}

Reader::Result<std::vector<std::vector<LedgerRecord>>> Reader::coupons(
    std::span<const CouponKey> keys) {
  std::vector<Command> commands;
  for (const CouponKey& key : keys) {
    commands.push_back(Command(sql::kCouponFacts, {key.stock_id, key.coupon}));
  }
  std::vector<std::vector<LedgerRecord>> coupons(keys.size());
  if (commands.empty()) return coupons;
  std::vector<Rows> results;
  if (auto ran = connection_->run(commands, results); !ran) return ran.error();
  for (std::size_t i = 0; i < keys.size(); ++i) {
    for (Row& row : results[i]) {
      coupons[i].push_back(record_of(sql::kCouponFacts.read(row), keys[i].coupon));
    }
  }
  return coupons;
}

}  // namespace couponhook::storage
