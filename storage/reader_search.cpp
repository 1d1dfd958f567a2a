// The search and the history of the counters, as parts of the class Reader.

#include <algorithm>
#include <array>
#include <limits>
#include <utility>

#include "storage/reader.hpp"
#include "storage/rows.hpp"
#include "storage/sql.hpp"

namespace couponhook::storage {
namespace {

/// Largest number of results of each kind.
constexpr std::int64_t kSearchMax = 50;
/// Number of stocks in which a search looks up a coupon whose stock it does not know.
constexpr std::int64_t kStocksMax = 10'000;
constexpr std::array<std::string_view, 3> kRefundStates{"/SUCCESS", "/CLOSED", "/ABNORMAL"};

LedgerRecord ledger_record(ReportedFact&& reported) {
  LedgerRecord record;
  record.mchid = std::move(reported.mchid);
  record.notification_id = std::move(reported.notification_id);
  record.source = std::move(reported.source);
  record.fact = std::move(reported);
  return record;
}

/// Moves at most `limit` facts of a query's result into the hits.
/// \return true if the result has more rows.
bool take_facts(const Query<ReportedFact>& query, Rows& rows, std::string_view matched,
                std::int64_t limit, std::vector<FoundFact>& into) {
  std::int64_t taken = 0;
  for (Row& row : rows) {
    if (taken++ == limit) return true;
    into.push_back({matched, ledger_record(query.read(row))});
  }
  return false;
}

StockPosition position_of(const LedgerFact& fact) {
  return {fact.coupon, fact.kind, fact.business_key};
}

/// A query of a search for ledger facts, and the kind of identifier by which it finds them.
struct FactQuery {
  const Query<ReportedFact>* query;
  std::string_view matched;
};

}  // namespace

Reader::Result<SearchHits> Reader::search(const SearchRequest& request) {
  const std::int64_t limit = std::clamp<std::int64_t>(request.limit, 1, kSearchMax);
  if (request.openid_digest) return search_openid(request, limit);
  SearchHits hits;
  if (request.text.empty()) return hits;
  const std::string_view text = request.text;
  const StockPosition after = request.after.value_or(StockPosition());
  std::array<std::string, kRefundStates.size()> keys;
  for (std::size_t i = 0; i < keys.size(); ++i) keys[i].append(text).append(kRefundStates[i]);

  std::vector<FactQuery> queries{{&sql::kSearchStock, matched::kStock}};
  std::vector<Command> commands{
      Command(sql::kSearchStock, {text, after.coupon, after.kind, after.business_key, limit + 1})};
  const auto ask = [&](const Query<ReportedFact>& query, std::string_view matched,
                       std::initializer_list<Parameter> parameters) {
    queries.push_back({&query, matched});
    commands.push_back(Command(query, parameters));
  };
  if (!request.after) {
    ask(sql::kSearchPayment, matched::kTransaction, {text, kSearchMax + 1});
    ask(sql::kSearchRefundsOf, matched::kTransaction, {text, kSearchMax + 1});
    ask(sql::kSearchRefund, matched::kRefund, {keys[0], keys[1], keys[2], kSearchMax + 1});
    const auto slash = text.find('/');
    if (slash != text.npos) {
      ask(sql::kSearchCouponOfStock, matched::kCoupon,
          {text.substr(0, slash), text.substr(slash + 1), kSearchMax + 1});
    }
    commands.push_back(Command(sql::kSearchNotifications, {text, kSearchMax}));
    commands.push_back(Command(sql::kQuarantinedById, {text, std::string_view()}));
  }
  std::vector<Rows> results;
  if (auto ran = connection_->run(commands, results); !ran) return ran.error();
  for (std::size_t i = 0; i < queries.size(); ++i) {
    const bool is_stock = queries[i].matched == matched::kStock;
    const bool more = take_facts(*queries[i].query, results[i], queries[i].matched,
                                 is_stock ? limit : kSearchMax, hits.facts);
    if (more && is_stock) hits.next_after = position_of(hits.facts.back().record.fact);
    if (more && !is_stock) hits.more = true;
  }
  if (request.after) return hits;
  for (Row& row : results[queries.size()]) {
    hits.notifications.push_back({matched::kNotification, sql::kSearchNotifications.read(row)});
  }
  if (auto sealed = sql::kQuarantinedById.read_first(results.back())) {
    hits.notifications.push_back({matched::kNotification, std::move(*sealed)});
  }
  if (hits.facts.empty() && hits.notifications.empty()) {
    // This look-up takes longest, because it goes through all stocks. So it is made only for an
    // identifier that is of no other kind.
    const std::array ask_coupon{Command(sql::kSearchCoupon, {kStocksMax, text, kSearchMax + 1})};
    if (auto ran = connection_->run(ask_coupon, results); !ran) return ran.error();
    hits.more =
        take_facts(sql::kSearchCoupon, results[0], matched::kCoupon, kSearchMax, hits.facts);
  }
  if (auto read = add_payments(hits); !read) return read.error();
  if (auto added = add_deliveries(hits.notifications); !added) return added.error();
  return hits;
}

Reader::Result<SearchHits> Reader::search_openid(const SearchRequest& request, std::int64_t limit) {
  const std::int64_t before =
      request.before_sequence.value_or(std::numeric_limits<std::int64_t>::max());
  const std::array ask{
      Command(sql::kSearchOpenid, {as_bytes(*request.openid_digest), before, limit + 1})};
  std::vector<Rows> results;
  if (auto ran = connection_->run(ask, results); !ran) return ran.error();
  SearchHits hits;
  for (Row& row : results[0]) {
    if (std::ssize(hits.notifications) == limit) {
      hits.next_before_sequence = hits.notifications.back().record.sequence;
      break;
    }
    hits.notifications.push_back({matched::kOpenid, sql::kSearchOpenid.read(row)});
  }
  if (auto added = add_deliveries(hits.notifications); !added) return added.error();
  return hits;
}

Reader::Result<std::vector<LedgerRecord>> Reader::payments(
    std::span<const std::string> transaction_ids) {
  std::vector<LedgerRecord> facts;
  std::vector<Command> commands;
  for (const std::string& id : transaction_ids) {
    commands.push_back(Command(sql::kSearchPayment, {id, kSearchMax}));
  }
  if (commands.empty()) return facts;
  std::vector<Rows> results;
  if (auto ran = connection_->run(commands, results); !ran) return ran.error();
  for (Rows& rows : results) {
    for (Row& row : rows) facts.push_back(ledger_record(sql::kSearchPayment.read(row)));
  }
  return facts;
}

/// Reads the coupons of the payments whose refunds were found.
Reader::Result<void> Reader::add_payments(SearchHits& hits) {
  std::vector<std::string> transaction_ids;
  for (const FoundFact& found : hits.facts) {
    if (found.matched == matched::kRefund) {
      transaction_ids.push_back(found.record.fact.transaction_id);
    }
  }
  auto facts = payments(transaction_ids);
  if (!facts) return facts.error();
  hits.facts_of_payments = std::move(*facts);
  return {};
}

Reader::Result<void> Reader::add_deliveries(std::span<FoundNotification> found) {
  std::vector<NotificationRecord*> records;
  for (FoundNotification& each : found) {
    if (each.record.state != "quarantined") records.push_back(&each.record);
  }
  return add_deliveries(records);
}

Reader::Result<std::vector<NotificationRecord>> Reader::notifications_of(
    std::span<const NotificationKey> keys) {
  std::vector<NotificationRecord> records;
  std::vector<Command> commands;
  for (const NotificationKey& key : keys) {
    commands.push_back(Command(sql::kNotificationById, {key.id, key.mchid}));
  }
  if (commands.empty()) return records;
  std::vector<Rows> results;
  if (auto ran = connection_->run(commands, results); !ran) return ran.error();
  for (Rows& rows : results) {
    if (auto record = sql::kNotificationById.read_first(rows)) {
      records.push_back(std::move(*record));
    }
  }
  std::vector<NotificationRecord*> found;
  for (NotificationRecord& record : records) found.push_back(&record);
  if (auto added = add_deliveries(found); !added) return added.error();
  return records;
}

Reader::Result<std::vector<HistoryValue>> Reader::history(std::int64_t sum_s, std::int64_t step_s,
                                                          std::int64_t from_s, std::int64_t to_s) {
  const std::array ask{Command(sql::kHistory, {sum_s, step_s, from_s, to_s})};
  std::vector<Rows> results;
  if (auto ran = connection_->run(ask, results); !ran) return ran.error();
  return sql::kHistory.read_all(results[0]);
}

}  // namespace couponhook::storage
