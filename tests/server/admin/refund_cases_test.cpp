// Checks that the state of a coupon and the sums of its refunds depend only on which events have
// arrived. Each case is a set of events; the test stores them in every possible order, twice, on
// SQLite and on PostgreSQL, and compares the JSON of the status endpoint each time.

#include <algorithm>
#include <memory>
#include <numeric>
#include <optional>

#include "base/json_writer.hpp"
#include "server/admin/admin_json.hpp"
#include "server/receive/receive.hpp"
#include "storage/store_fixture.hpp"
#include "support/parse_json.hpp"

namespace couponhook::server {
namespace {

using storage::AdmitOutcome;

constexpr std::string_view kStock = "98065001";
constexpr std::string_view kCoupon = "98670001";
constexpr const char* kCreateTime = "2026-03-09T10:00:00+08:00";

struct Event {
  std::string type;
  std::string resource;
  std::string source = "notification";
};

Event redeemed(const std::string& transaction = "4200001") {
  base::JsonWriter json;
  json.begin().text("stock_id", kStock).text("coupon_id", kCoupon);
  json.begin("consume_information").text("transaction_id", transaction);
  return {"COUPON.USE", json.end().end().take()};
}

/// The amounts of a refund in JSON, of an order of 23 yuan of which a coupon paid 5.
std::string amounts(std::int64_t refund, std::int64_t payer_refund) {
  base::JsonWriter json;
  return json.begin()
      .number("total", 2300)
      .number("refund", refund)
      .number("payer_total", 1800)
      .number("payer_refund", payer_refund)
      .end()
      .take();
}

/// \param amount JSON of the amounts; empty: the event has none, as a row of a flow file.
Event refunded(const std::string& refund_id, const std::string& amount,
               const std::string& status = "SUCCESS", const std::string& transaction = "4200001") {
  base::JsonWriter json;
  json.begin()
      .text("transaction_id", transaction)
      .text("refund_id", refund_id)
      .text("refund_status", status);
  if (!amount.empty()) json.text("out_refund_no", "RF" + refund_id).object("amount", amount);
  return {"REFUND." + status, json.end().take(), amount.empty() ? "reconcile" : "notification"};
}

/// The same refund as the reply to a refund query reports it: with the share of the coupon.
Event queried(const std::string& refund_id, std::int64_t refund, std::int64_t payer_refund,
              const std::string& transaction = "4200001") {
  base::JsonWriter json;
  json.begin()
      .text("transaction_id", transaction)
      .text("refund_id", refund_id)
      .text("refund_status", "SUCCESS")
      .text("out_refund_no", "RF" + refund_id)
      .object("amount", amounts(refund, payer_refund))
      .begin_list("promotion_detail")
      .begin()
      .text("promotion_id", kCoupon)
      .number("amount", 500)
      .number("refund_amount", refund - payer_refund)
      .end()
      .begin()
      .text("promotion_id", "98679999")
      .number("amount", 1)
      .number("refund_amount", 0)
      .end()
      .end_list();
  return {"REFUND.SUCCESS", json.end().take(), "reconcile"};
}

class RefundCases : public storage::StoreTest {
 protected:
  RefundCases() {
    for (const auto* pattern : {"COUPON.*", "REFUND.*"}) {
      rules_.ledger.add("ledger", {*handlers::EventPattern::parse(pattern)});
    }
  }

  /// Stores an event through the code that stores notifications.
  void store(const Event& event, const std::string& id) {
    handlers::Notification notification;
    notification.id = id;
    notification.event_type = event.type;
    notification.create_time = kCreateTime;
    ToAdmit admit =
        make_admission(std::move(notification), std::string(event.resource), "1900000001",
                       event.source, rules_, std::chrono::system_clock::time_point{});
    flaw_ = admit.admission.flaw;
    std::vector<storage::Work> batch;
    batch.push_back({.content = std::move(admit.admission), .listener = nullptr});
    ASSERT_TRUE(storage::BatchWriter(connection()).write(batch, storage::kNow));
    ASSERT_EQ(batch.front().outcome, AdmitOutcome::kStored);
  }

  [[nodiscard]] std::string coupon() {
    if (!reader_) reader_.emplace(reader());
    return coupon_json(kStock, kCoupon, reader_->coupon(kStock, kCoupon).value());
  }
  /// Returns the state of the coupon, and the sums of its refunds as JSON.
  [[nodiscard]] std::string summary() {
    const std::string text = coupon();
    const auto json = base::parse_object(text, {});
    std::string line = (*json)["state"].GetString();
    if (!json->value().HasMember("refunds")) return line;
    const auto begin = text.find("\"refunds\":") + std::string_view("\"refunds\":").size();
    return line + " " + text.substr(begin, text.find('}', begin) + 1 - begin);
  }

  /// Stores the events in every order, each twice under two ids (another path, another replica).
  void expect_in_any_order(const std::vector<Event>& events, const std::string& expected) {
    std::vector<std::size_t> order(events.size());
    std::iota(order.begin(), order.end(), 0);
    do {
      forget();
      for (const std::size_t i : order)
        store(events[i], storage::numbered("first-", static_cast<std::int64_t>(i)));
      ASSERT_EQ(summary(), expected) << testing::PrintToString(order);
      for (const std::size_t i : order)
        store(events[i], storage::numbered("again-", static_cast<std::int64_t>(i)));
      ASSERT_EQ(summary(), expected) << "repeated " << testing::PrintToString(order);
    } while (std::next_permutation(order.begin(), order.end()));
  }

  void forget() {
    ASSERT_TRUE(connection().run_script(
        "DELETE FROM coupon_history; DELETE FROM refund_shares; DELETE FROM refunds;"
        "DELETE FROM notifications"));
  }

  /// Returns one connection for all events of a test: hundreds of connections to PostgreSQL would
  /// take a minute.
  storage::Connection& connection() {
    if (!connection_) connection_ = writer();
    return *connection_;
  }

  ReceiveRules rules_;
  std::string flaw_;
  std::unique_ptr<storage::Connection> connection_;
  std::optional<storage::Reader> reader_;
};
COUPONHOOK_ON_EVERY_ENGINE(RefundCases);

/// Sums in the form of RefundCases::summary().
std::string sums(int count, std::int64_t refund, std::int64_t payer_refund) {
  base::JsonWriter json;
  return json.begin()
      .number("count", count)
      .number("without_amounts", 0)
      .number("order_total", 2300)
      .number("refund", refund)
      .number("payer_refund", payer_refund)
      .number("coupon_refund", refund - payer_refund)
      .end()
      .take();
}

TEST_P(RefundCases, FullRefund) {
  expect_in_any_order({redeemed(), refunded("501", amounts(2300, 1800))},
                      "refunded " + sums(1, 2300, 1800));
}

TEST_P(RefundCases, TwoPartialRefunds) {
  expect_in_any_order(
      {redeemed(), refunded("501", amounts(1000, 783)), refunded("502", amounts(500, 391))},
      "partly_refunded " + sums(2, 1500, 1174));
}

TEST_P(RefundCases, PartialRefundAndTheRest) {
  expect_in_any_order(
      {redeemed(), refunded("501", amounts(1000, 783)), refunded("502", amounts(1300, 1017))},
      "refunded " + sums(2, 2300, 1800));
}

TEST_P(RefundCases, RefundWithoutAShareOfTheCoupon) {
  expect_in_any_order({redeemed(), refunded("501", amounts(1000, 1000))},
                      "partly_refunded " + sums(1, 1000, 1000));
}

TEST_P(RefundCases, RefundsThatFailedReturnNothing) {
  expect_in_any_order({redeemed(), refunded("501", amounts(2300, 1800), "CLOSED"),
                       refunded("502", amounts(2300, 1800), "ABNORMAL")},
                      "redeemed");
  expect_in_any_order({redeemed(), refunded("502", amounts(2300, 1800), "ABNORMAL"),
                       refunded("502", amounts(2300, 1800))},
                      "refunded " + sums(1, 2300, 1800));
}

TEST_P(RefundCases, RefundOfAnotherOrderChangesNothing) {
  expect_in_any_order({redeemed(), refunded("501", amounts(2300, 1800), "SUCCESS", "4200002")},
                      "redeemed");
}

TEST_P(RefundCases, CouponThatIsUsedTwice) {
  const Event first = refunded("501", amounts(2300, 1800));
  expect_in_any_order({redeemed("4200001"), redeemed("4200002"), first},
                      "redeemed " + sums(1, 2300, 1800));
  expect_in_any_order({redeemed("4200001"), redeemed("4200002"), first,
                       refunded("502", amounts(1000, 783), "SUCCESS", "4200002")},
                      R"(partly_refunded {"count":2,"without_amounts":0,"order_total":4600,)"
                      R"("refund":3300,"payer_refund":2583,"coupon_refund":717})");
}

TEST_P(RefundCases, RefundWithoutAmountsCountsAsComplete) {
  expect_in_any_order({redeemed(), refunded("501", "")},
                      R"(refunded {"count":1,"without_amounts":1,"order_total":0,"refund":0,)"
                      R"("payer_refund":0,"coupon_refund":0})");
}

TEST_P(RefundCases, AmountsAreAddedToARefundFromAFlowFile) {
  expect_in_any_order({redeemed(), refunded("501", ""), refunded("501", amounts(1000, 783))},
                      "partly_refunded " + sums(1, 1000, 783));
}

TEST_P(RefundCases, ReportsThatContradictLeadToOneResult) {
  expect_in_any_order({redeemed(), refunded("501", amounts(2300, 1800)),
                       refunded("501", amounts(1000, 783)), refunded("501", amounts(1000, 1000))},
                      "partly_refunded " + sums(1, 1000, 783));
}

TEST_P(RefundCases, QueryNamesTheCouponIfNoRedemptionIsKnown) {
  const std::string expected = R"({"count":1,"without_amounts":0,"order_total":2300,"refund":1000,)"
                               R"("payer_refund":783,"coupon_refund":217,"coupon_share":217})";
  expect_in_any_order({queried("501", 1000, 783)}, "partly_refunded " + expected);
  expect_in_any_order({queried("501", 1000, 783), redeemed(), refunded("501", amounts(1000, 783)),
                       refunded("501", "")},
                      "partly_refunded " + expected);
}

TEST_P(RefundCases, RefundsOfAnAttributedOrderBelongToItsCoupon) {
  expect_in_any_order({queried("501", 1000, 783), refunded("502", amounts(1300, 1017))},
                      "refunded " + sums(2, 2300, 1800));
  expect_in_any_order({queried("501", 1000, 783), queried("502", 1300, 1017)},
                      R"(refunded {"count":2,"without_amounts":0,"order_total":2300,"refund":2300,)"
                      R"("payer_refund":1800,"coupon_refund":500,"coupon_share":500})");
}

TEST_P(RefundCases, ImpossibleAmountsAreMarkedAndTheFactIsKept) {
  const std::string complete = R"(refunded {"count":1,"without_amounts":1,"order_total":0,)"
                               R"("refund":0,"payer_refund":0,"coupon_refund":0})";
  for (const auto& [amount, flaw] : std::vector<std::pair<std::string, std::string>>{
           {amounts(2301, 1800), "flaw: amount.refund is more than amount.total"},
           {amounts(-1, 0), "flaw: amount.refund is not an amount of money"},
           {R"({"total":2300,"refund":"2300","payer_total":1800,"payer_refund":1800})",
            "flaw: amount.refund is not a whole number of fen"},
           {R"({"total":2300,"refund":10.5,"payer_total":1800,"payer_refund":1})",
            "flaw: amount.refund is not a whole number of fen"},
           {R"({"total":9223372036854775807,"refund":1,"payer_total":1,"payer_refund":1})",
            "flaw: amount.total is not an amount of money"},
           {R"({"total":2300})", "flaw: amount.refund is not a whole number of fen"}}) {
    forget();
    store(redeemed(), "n1");
    store(refunded("501", amount), "n2");
    EXPECT_EQ(flaw_, flaw);
    EXPECT_EQ(summary(), complete) << amount;
    EXPECT_EQ(kept("n2").flaw, flaw);
    store(refunded("501", amounts(1000, 783)), "n3");
    EXPECT_EQ(flaw_, "");
    EXPECT_EQ(summary(), "partly_refunded " + sums(1, 1000, 783)) << "a sound report completes it";
  }
}

TEST_P(RefundCases, HistoryHasTheMoneyOfEachRefund) {
  store(redeemed(), "n1");
  store(queried("501", 1000, 783), "n2");
  const rapidjson::Document json = support::parse_json(coupon());
  const auto history = json["history"].GetArray();
  ASSERT_EQ(history.Size(), 2U);
  EXPECT_FALSE(history[0].HasMember("amount"));
  EXPECT_STREQ(history[1]["out_refund_no"].GetString(), "RF501");
  EXPECT_EQ(history[1]["amount"]["refund"].GetInt64(), 1000);
  EXPECT_EQ(history[1]["amount"]["coupon_refund"].GetInt64(), 217);
  EXPECT_EQ(history[1]["coupon_share"]["refund_amount"].GetInt64(), 217);
  EXPECT_EQ(history[1]["coupon_share"]["amount"].GetInt64(), 500);
}

/// Two replicas report the same refund in one batch: with and without amounts.
TEST_P(RefundCases, ReportsOfOneRefundMeetInOneBatch) {
  const auto admission = [&](const Event& event, const std::string& id) {
    handlers::Notification notification;
    notification.id = id;
    notification.event_type = event.type;
    notification.create_time = kCreateTime;
    return make_admission(std::move(notification), std::string(event.resource), "1900000001",
                          event.source, rules_, std::chrono::system_clock::time_point{})
        .admission;
  };
  write_together(admission(refunded("501", ""), "n1"), admission(queried("501", 1000, 783), "n2"),
                 admission(refunded("501", amounts(1000, 783)), "n3"), admission(redeemed(), "n4"));
  EXPECT_TRUE(summary().starts_with("partly_refunded ")) << summary();
}

}  // namespace
}  // namespace couponhook::server
