// Checks that the catalogue contains every event type in WeChat Pay's documentation, and that only
// events that change a coupon count as coupon events. The tests contain the documented list a
// second time.

#include "handlers/event_catalogue.hpp"

#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace couponhook::handlers {
namespace {

TEST(EventCatalogue, ListsWhatTheProtocolReferenceNames) {
  std::vector<std::string> types;
  for (const CatalogueEntry& entry : event_catalogue()) types.emplace_back(entry.event_type);
  EXPECT_THAT(
      types,
      testing::UnorderedElementsAre(
          "COUPON.USE", "COUPON.SEND", "REFUND.SUCCESS", "REFUND.ABNORMAL", "REFUND.CLOSED",
          "PRODUCT_COUPON_SP.SEND", "PRODUCT_COUPON_SP.IMAGE_GENERATION", "MEMBERCARD.ACCEPT_CARD",
          "MEMBERCARD.ACTIVATE_CARD", "MEMBERCARD.USERCARD_MANAGE",
          "BRAND_MEMBER_CARD_SP.USER_CARD.CREATE", "BRAND_MEMBER_CARD_SP.SYNC_USER_POINT",
          "BRAND_MEMBER_CARD_SP.POINT_EXCHANGE_COUPON", "DELIVERY_PLAN.CHANGE",
          "MALL_AUTH.ACTIVATE_CARD", "MALL_TRANSACTION.SUCCESS", "MALL_REFUND.SUCCESS",
          "DISCOUNT_CARD.GET_CARD", "DISCOUNT_CARD.USER_ACCEPTED", "DISCOUNT_CARD.AGREEMENT_ENDED",
          "DISCOUNT_CARD.USER_PAID", "DISCOUNT_CARD.SETTLEMENT", "SECURITY_ECHO.SUCCESS"));
}

TEST(EventCatalogue, FindsEveryEntryByItsType) {
  for (const CatalogueEntry& entry : event_catalogue()) {
    EXPECT_EQ(find_event(entry.event_type), &entry) << entry.event_type;
  }
}

TEST(EventCatalogue, FindsNothingElse) {
  for (const char* type : {"", "COUPON", "COUPON.", "COUPON.USED", "coupon.use", "A", "ZZZ"}) {
    EXPECT_EQ(find_event(type), nullptr) << type;
    EXPECT_EQ(event_kind(type), EventKind::kUnknown) << type;
  }
}

TEST(EventCatalogue, KnowsTheEventsThatChangeACoupon) {
  EXPECT_EQ(event_kind("COUPON.SEND"), EventKind::kIssued);
  EXPECT_EQ(event_kind("PRODUCT_COUPON_SP.SEND"), EventKind::kIssued);
  EXPECT_EQ(event_kind("COUPON.USE"), EventKind::kRedeemed);
  EXPECT_EQ(event_kind("REFUND.SUCCESS"), EventKind::kRefunded);
  EXPECT_EQ(event_kind("REFUND.ABNORMAL"), EventKind::kRefunded);
  EXPECT_EQ(event_kind("REFUND.CLOSED"), EventKind::kRefunded);
  EXPECT_EQ(event_kind("MALL_REFUND.SUCCESS"), EventKind::kOther);
}

TEST(EventCatalogue, KnowsTheOneAssociatedDataThatIsLongerThanDocumented) {
  EXPECT_EQ(find_event("PRODUCT_COUPON_SP.SEND")->associated_data, "product_coupon_sp");
}

}  // namespace
}  // namespace couponhook::handlers
