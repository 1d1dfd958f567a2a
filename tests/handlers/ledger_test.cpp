// Checks that the state of a coupon does not depend on the order in which its events arrive, or on
// repeated events. The first tests use known ledger entries and states. Other tests pass the events
// of one coupon in every possible order to a model of the store.

#include "handlers/ledger.hpp"

#include <algorithm>
#include <numeric>
#include <random>
#include <set>
#include <tuple>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace couponhook::handlers {
namespace {

using base::FactKind;

CouponIssued issued() {
  CouponIssued event;
  event.stock_id = "S1";
  event.coupon_code = "C1";
  event.send_time = "2024-03-01T09:00:00+08:00";
  return event;
}

CouponRedeemed redeemed(const std::string& transaction_id, const std::string& time) {
  CouponRedeemed event;
  event.stock_id = "S1";
  event.coupon_id = "C1";
  event.transaction_id = transaction_id;
  event.consume_time = time;
  return event;
}

OrderRefunded refunded(const std::string& transaction_id, const std::string& refund_id,
                       OrderRefunded::Status status, const std::string& success_time = {}) {
  OrderRefunded event;
  event.transaction_id = transaction_id;
  event.refund_id = refund_id;
  event.status = status;
  event.success_time = success_time;
  return event;
}

using Status = OrderRefunded::Status;
constexpr const char* kCreateTime = "2024-03-09T10:00:00+08:00";

LedgerEntry entry(const CouponEvent& event) {
  return *ledger_entry(event, kCreateTime);
}

/// Returns all fields of a ledger entry, so that a test can compare two entries.
auto all_of(const LedgerEntry& e) {
  return std::tie(e.kind, e.stock_id, e.coupon, e.transaction_id, e.business_key, e.occurred_at);
}

TEST(LedgerEntry, KeysAnIssueByStockAndCode) {
  const LedgerEntry fact = entry(issued());
  EXPECT_EQ(all_of(fact),
            all_of({FactKind::kIssue, "S1", "C1", "", "S1/C1", "2024-03-01T09:00:00+08:00"}));
}

TEST(LedgerEntry, KeysARedemptionByCouponAndTransaction) {
  const LedgerEntry fact = entry(redeemed("T1", "2024-03-02T09:00:00+08:00"));
  EXPECT_EQ(all_of(fact),
            all_of({FactKind::kRedeem, "S1", "C1", "T1", "C1/T1", "2024-03-02T09:00:00+08:00"}));
}

TEST(LedgerEntry, KeysARefundByIdAndStatus) {
  const LedgerEntry fact = entry(refunded("T1", "R1", Status::kSuccess, "2024-03-03T09:00:00Z"));
  EXPECT_EQ(all_of(fact),
            all_of({FactKind::kRefund, "", "", "T1", "R1/SUCCESS", "2024-03-03T09:00:00Z"}));
  EXPECT_EQ(entry(refunded("T1", "R1", Status::kClosed)).business_key, "R1/CLOSED");
  EXPECT_EQ(entry(refunded("T1", "R1", Status::kAbnormal)).business_key, "R1/ABNORMAL");
}

TEST(LedgerEntry, TakesTheEnvelopesTimeWhereTheFactHasNone) {
  EXPECT_EQ(entry(refunded("T1", "R1", Status::kAbnormal)).occurred_at, kCreateTime);
}

TEST(LedgerEntry, IsNothingForOtherEvents) {
  EXPECT_FALSE(ledger_entry(OtherEvent{}, kCreateTime));
}

CouponState state_of(std::vector<CouponEvent> events) {
  std::vector<LedgerEntry> history;
  for (const auto& event : events) history.push_back(entry(event));
  return derive_state(history);
}

TEST(DeriveState, IsIssuedBeforeAnyRedemption) {
  EXPECT_EQ(state_of({}), CouponState::kIssued);
  EXPECT_EQ(state_of({issued()}), CouponState::kIssued);
  EXPECT_EQ(state_of({issued(), refunded("T1", "R1", Status::kSuccess)}), CouponState::kIssued);
}

TEST(DeriveState, IsRedeemedWithoutASuccessfulRefund) {
  EXPECT_EQ(state_of({redeemed("T1", "")}), CouponState::kRedeemed);
  EXPECT_EQ(state_of({redeemed("T1", ""), refunded("T1", "R1", Status::kAbnormal),
                      refunded("T1", "R2", Status::kClosed)}),
            CouponState::kRedeemed);
}

TEST(DeriveState, IsRefundedOnceARefundOfItsTransactionSucceeded) {
  EXPECT_EQ(state_of({refunded("T1", "R1", Status::kSuccess), redeemed("T1", "")}),
            CouponState::kRefunded);
  EXPECT_EQ(state_of({refunded("T2", "R1", Status::kSuccess), redeemed("T1", "")}),
            CouponState::kRedeemed);
}

TEST(DeriveState, StaysRedeemedAsLongAsOneOfSeveralTransactionsIsNotRefunded) {
  EXPECT_EQ(
      state_of({redeemed("T1", ""), redeemed("T2", ""), refunded("T2", "R1", Status::kSuccess)}),
      CouponState::kRedeemed);
  EXPECT_EQ(
      state_of({redeemed("T1", ""), redeemed("T2", ""), refunded("T2", "R1", Status::kSuccess),
                refunded("T1", "R2", Status::kSuccess)}),
      CouponState::kRefunded);
}

TEST(HistoryOrder, SortsByTimeKindAndKeyWithUnreadableTimesLast) {
  const auto at = [](FactKind kind, const char* key, const char* time) {
    return LedgerEntry{kind, "S1", "C1", "T1", key, time};
  };
  const std::vector<LedgerEntry> sorted_history = {
      at(FactKind::kRefund, "Z", "2024-03-01T09:00:00+09:00"),
      at(FactKind::kIssue, "B", "2024-03-01T09:00:00+08:00"),
      at(FactKind::kRedeem, "A", "20240301090000"),
      at(FactKind::kRedeem, "B", "2024-03-01T01:00:00Z"),
      at(FactKind::kRefund, "A", "2024-03-01T09:00+08:00"),
      at(FactKind::kIssue, "A", "2024-03-01T09:00:00.001+08:00"),
      at(FactKind::kRefund, "A", ""),
      at(FactKind::kIssue, "A", "yesterday"),
      at(FactKind::kRefund, "A", "yesterday"),
  };
  for (std::size_t i = 0; i < sorted_history.size(); ++i) {
    for (std::size_t j = 0; j < sorted_history.size(); ++j) {
      EXPECT_EQ(precedes_in_history(sorted_history[i], sorted_history[j]), i < j) << i << ' ' << j;
    }
  }
}

TEST(HistoryOrder, SortsEqualTimesOfDifferentNotation) {
  const LedgerEntry a{FactKind::kRefund, "", "", "T1", "R1/ABNORMAL", "2024-03-01T01:00:00Z"};
  LedgerEntry b = a;
  b.occurred_at = "2024-03-01T09:00:00+08:00";
  EXPECT_NE(precedes_in_history(a, b), precedes_in_history(b, a));
}

/// Model of the store for ledger entries. Two entries are the same if they have the same kind,
/// coupon and business key. A refund belongs to every coupon that was redeemed in its payment.
class StoreModel {
 public:
  void add(const LedgerEntry& fact) {
    if (keys_.emplace(fact.kind, fact.stock_id, fact.coupon, fact.business_key).second) {
      facts_.push_back(fact);
    }
  }

  [[nodiscard]] std::vector<LedgerEntry> history(std::string_view coupon) const {
    std::set<std::string> transactions;
    for (const auto& fact : facts_) {
      if (fact.coupon == coupon) transactions.insert(fact.transaction_id);
    }
    std::vector<LedgerEntry> sorted_history;
    for (const auto& fact : facts_) {
      const bool joined =
          fact.kind == FactKind::kRefund && transactions.contains(fact.transaction_id);
      if (fact.coupon == coupon || joined) sorted_history.push_back(fact);
    }
    std::sort(sorted_history.begin(), sorted_history.end(), precedes_in_history);
    return sorted_history;
  }

 private:
  std::set<std::tuple<FactKind, std::string, std::string, std::string>> keys_;
  std::vector<LedgerEntry> facts_;
};

/// Returns the ledger entries of one MULTIUSE coupon that is used twice. The first use is refunded
/// in two parts; the refund of the second use fails first and then succeeds. All entries except one
/// have the same time, so their order depends on the rule for equal times.
std::vector<LedgerEntry> sample_history() {
  constexpr const char* kTime = "2024-03-09T10:00:00+08:00";
  return {entry(issued()),
          entry(redeemed("T1", kTime)),
          entry(redeemed("T2", kTime)),
          entry(refunded("T1", "R1", Status::kSuccess, kTime)),
          entry(refunded("T1", "R2", Status::kSuccess, kTime)),
          entry(refunded("T2", "R3", Status::kAbnormal)),
          entry(refunded("T2", "R3", Status::kSuccess, kTime))};
}

std::vector<std::string> keys(const std::vector<LedgerEntry>& history) {
  std::vector<std::string> keys;
  for (const auto& fact : history) keys.push_back(fact.business_key);
  return keys;
}

const std::vector<std::string> kHistoryKeys = {
    "S1/C1", "C1/T1", "C1/T2", "R1/SUCCESS", "R2/SUCCESS", "R3/ABNORMAL", "R3/SUCCESS"};

TEST(Ledger, HasTheSameHistoryForEveryOrderOfEvents) {
  const auto facts = sample_history();
  std::vector<std::size_t> order(facts.size());
  std::iota(order.begin(), order.end(), 0);
  do {
    StoreModel store;
    for (const std::size_t i : order) store.add(facts[i]);
    const auto history = store.history("C1");
    ASSERT_EQ(keys(history), kHistoryKeys) << testing::PrintToString(order);
    ASSERT_EQ(derive_state(history), CouponState::kRefunded) << testing::PrintToString(order);
  } while (std::next_permutation(order.begin(), order.end()));
}

TEST(Ledger, HasTheSameHistoryWhenEventsAreRepeated) {
  const auto facts = sample_history();
  std::mt19937 random(20240309);
  for (int round = 0; round < 500; ++round) {
    std::vector<std::size_t> deliveries(facts.size());
    std::iota(deliveries.begin(), deliveries.end(), 0);
    for (int copies = 0; copies < 20; ++copies) deliveries.push_back(random() % facts.size());
    std::shuffle(deliveries.begin(), deliveries.end(), random);
    StoreModel store;
    for (const std::size_t i : deliveries) store.add(facts[i]);
    const auto history = store.history("C1");
    ASSERT_EQ(keys(history), kHistoryKeys) << testing::PrintToString(deliveries);
    ASSERT_EQ(derive_state(history), CouponState::kRefunded);
  }
}

TEST(Ledger, DependsOnlyOnWhichEventsHaveArrived) {
  const auto facts = sample_history();
  for (unsigned arrived = 0; arrived < 1U << facts.size(); ++arrived) {
    StoreModel forwards;
    StoreModel backwards;
    for (std::size_t i = 0; i < facts.size(); ++i) {
      const std::size_t j = facts.size() - 1 - i;
      if ((arrived >> i & 1U) != 0) forwards.add(facts[i]);
      if ((arrived >> j & 1U) != 0) backwards.add(facts[j]);
    }
    ASSERT_EQ(keys(forwards.history("C1")), keys(backwards.history("C1"))) << arrived;
    ASSERT_EQ(derive_state(forwards.history("C1")), derive_state(backwards.history("C1")));
  }
}

}  // namespace
}  // namespace couponhook::handlers
