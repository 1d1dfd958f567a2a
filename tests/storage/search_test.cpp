// Tests of the search on SQLite and PostgreSQL: each kind of identifier finds its facts and
// notifications, page by page, and old digests of openids are removed with their notifications.

#include <algorithm>

#include "purge_fixture.hpp"
#include "store_fixture.hpp"

namespace couponhook::storage {
namespace {

OpenidDigest openid(char letter) {
  OpenidDigest digest;
  digest.fill(static_cast<unsigned char>(letter));
  return digest;
}

Admission issue(std::string id, std::string stock, std::string coupon, char user) {
  Admission a = admission(std::move(id));
  a.event_type = "COUPON.SEND";
  a.openid_digest = openid(user);
  std::string key = stock + "/" + coupon;
  a.fact = LedgerFact{.kind = "issue",
                      .stock_id = std::move(stock),
                      .coupon = std::move(coupon),
                      .transaction_id = "",
                      .business_key = std::move(key),
                      .occurred_at = "2024-01-01T00:00:00+08:00"};
  return a;
}

SearchRequest asks_for(std::string text) {
  SearchRequest request;
  request.text = std::move(text);
  return request;
}

class SearchTest : public PurgeTest {
 protected:
  SearchHits find(const SearchRequest& request) { return reader().search(request).value(); }
  SearchHits find(std::string text) { return find(asks_for(std::move(text))); }

  /// Returns the ids of the notifications that reported the found facts, in the order of the ids.
  static std::vector<std::string> reporters(const SearchHits& hits, std::string_view matched) {
    std::vector<std::string> ids;
    for (const FoundFact& found : hits.facts) {
      EXPECT_EQ(found.matched, matched);
      ids.push_back(found.record.notification_id);
    }
    std::ranges::sort(ids);
    return ids;
  }
};
COUPONHOOK_ON_EVERY_ENGINE(SearchTest);

using Ids = std::vector<std::string>;

TEST_P(SearchTest, FindsFactsByEachKindOfIdentifier) {
  write_together(redemption("use", "c1", "t1"), refund("back", "r1/SUCCESS", "t1"),
                 issue("given", "77", "code", 'u'), redemption("other", "c2", "t2"));
  EXPECT_EQ(reporters(find("c1"), matched::kCoupon), Ids{"use"});
  EXPECT_EQ(reporters(find("code"), matched::kCoupon), Ids{"given"});
  EXPECT_EQ(reporters(find("77/code"), matched::kCoupon), Ids{"given"});
  EXPECT_EQ(reporters(find("t1"), matched::kTransaction), (Ids{"back", "use"}));
  EXPECT_EQ(reporters(find("9856000"), matched::kStock), (Ids{"other", "use"}));
  const SearchHits by_refund = find("r1");
  EXPECT_EQ(reporters(by_refund, matched::kRefund), Ids{"back"});
  ASSERT_EQ(by_refund.facts_of_payments.size(), 1U);
  EXPECT_EQ(by_refund.facts_of_payments[0].fact.coupon, "c1");
}

TEST_P(SearchTest, FindsNotificationsByIdInTheStoreAndInQuarantine) {
  write_together(redemption("n1", "c1", "t1"), quarantined('q', "n2"));
  const SearchHits stored = find("n1");
  ASSERT_EQ(stored.notifications.size(), 1U);
  EXPECT_EQ(stored.notifications[0].matched, matched::kNotification);
  EXPECT_EQ(stored.notifications[0].record.resource, R"({"content":"a"})");
  const SearchHits sealed = find("n2");
  ASSERT_EQ(sealed.notifications.size(), 1U);
  EXPECT_EQ(sealed.notifications[0].record.state, "quarantined");
}

TEST_P(SearchTest, FindsNothingForUnknownTextAndForNoText) {
  write_together(redemption("n1", "c1", "t1"), issue("n2", "77", "code", 'u'), quarantined('q'));
  for (const char* text : {"", "x", "c", "t", "/", "%", "_1", "r1"}) {
    const SearchHits hits = find(text);
    EXPECT_TRUE(hits.facts.empty()) << text;
    EXPECT_TRUE(hits.notifications.empty()) << text;
  }
}

TEST_P(SearchTest, ListsAStockAndAnOpenidPageByPage) {
  for (int i = 0; i < 5; ++i) {
    write_together(issue(numbered("n", i), "77", numbered("code", i), 'u'));
  }
  SearchRequest stock = asks_for("77");
  stock.limit = 2;
  Ids of_stock;
  do {
    const SearchHits hits = find(stock);
    for (const FoundFact& found : hits.facts) of_stock.push_back(found.record.fact.coupon);
    stock.after = hits.next_after;
  } while (stock.after);
  EXPECT_EQ(of_stock, (Ids{"code0", "code1", "code2", "code3", "code4"}));

  SearchRequest user;
  user.limit = 2;
  user.openid_digest = openid('u');
  Ids of_user;
  do {
    const SearchHits hits = find(user);
    for (const FoundNotification& found : hits.notifications) of_user.push_back(found.record.id);
    user.before_sequence = hits.next_before_sequence;
  } while (user.before_sequence);
  EXPECT_EQ(of_user, (Ids{"n4", "n3", "n2", "n1", "n0"}));
  user.openid_digest = openid('v');
  EXPECT_TRUE(find(user).notifications.empty());
}

TEST_P(SearchTest, KeepsTheOpenidOfACopyOnce) {
  write_together(issue("n1", "77", "code", 'u'));
  write_together(issue("n1", "77", "code", 'u'), issue("n2", "77", "code2", 'u'));
  SearchRequest user;
  user.openid_digest = openid('u');
  EXPECT_EQ(find(user).notifications.size(), 2U);
}

TEST_P(SearchTest, SaysWhenACouponHasMoreFactsThanTheLimit) {
  std::vector<Work> uses;
  for (int i = 0; i < 51; ++i) {
    uses.push_back(
        {.content = redemption(numbered("n", i), "c1", numbered("t", i)), .listener = nullptr});
  }
  const Work last = uses.back();
  uses.pop_back();
  write(std::move(uses));
  EXPECT_FALSE(find("c1").more);
  write({last});
  const SearchHits hits = find("c1");
  EXPECT_EQ(hits.facts.size(), 50U);
  EXPECT_TRUE(hits.more);
}

TEST_P(SearchTest, RemovesTheOpenidWithItsNotification) {
  write_together(issue("old", "77", "code", 'u'));
  write_together(admission("newest"));
  EXPECT_EQ(purge({.identity_ms = kNow + 1}).identities, 1);
  EXPECT_EQ(count("notification_openids"), 0);
}

}  // namespace
}  // namespace couponhook::storage
