// Checks that every file in tests/fixtures (the content of a notification, for `couponhook replay`)
// is a valid event of the type in its name, and that there is a file for every event type in WeChat
// Pay's documentation. A table lists all files with the business key that each must have in the
// ledger.

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <ostream>
#include <set>
#include <string>

#include <gtest/gtest.h>
#include <rapidjson/stringbuffer.h>
#include <rapidjson/writer.h>

#include "handlers/coupon_event.hpp"
#include "handlers/event_catalogue.hpp"
#include "handlers/ledger.hpp"

namespace couponhook::handlers {
namespace {

struct Row {
  const char* name;
  const char* event_type;
  /// Expected business key in the ledger; empty if the event changes no coupon.
  const char* business_key;
};

void PrintTo(const Row& row, std::ostream* out) {
  *out << row.name;
}

constexpr Row kFixtures[] = {
    {"brand_member_card_create", "BRAND_MEMBER_CARD_SP.USER_CARD.CREATE", ""},
    {"brand_member_card_exchange", "BRAND_MEMBER_CARD_SP.POINT_EXCHANGE_COUPON", ""},
    {"brand_member_card_sync_point", "BRAND_MEMBER_CARD_SP.SYNC_USER_POINT", ""},
    {"coupon_send_bare", "COUPON.SEND", "1205510000000046/1205519870000031722099"},
    {"coupon_send_hall_numeric_mchid", "COUPON.SEND", "1205510000000052/HALL-0001-7Q2"},
    {"coupon_send_hall_text_mchid", "COUPON.SEND", "1205510000000052/HALL-0002-8R5"},
    {"coupon_send_membercard", "COUPON.SEND", "1205510000000060/MC77310026"},
    {"coupon_send_miniapp", "COUPON.SEND", "19733211/80231900457"},
    {"coupon_send_paygift", "COUPON.SEND", "1205510000000046/1205519870000031722044"},
    {"coupon_use_cut_to", "COUPON.USE", "80231977001/4200002191202403084455667788"},
    {"coupon_use_goods_detail", "COUPON.USE", "80232050318/4200002193202403109988776655"},
    {"coupon_use_multiuse_first", "COUPON.USE", "80232111999/4200002195202403110000111122"},
    {"coupon_use_multiuse_second", "COUPON.USE", "80232111999/4200002196202403120000333344"},
    {"coupon_use_normal", "COUPON.USE", "80231900457/4200002188202403057711223344"},
    {"delivery_plan_change", "DELIVERY_PLAN.CHANGE", ""},
    {"discount_card_accepted", "DISCOUNT_CARD.USER_ACCEPTED", ""},
    {"discount_card_ended", "DISCOUNT_CARD.AGREEMENT_ENDED", ""},
    {"discount_card_get", "DISCOUNT_CARD.GET_CARD", ""},
    {"discount_card_paid", "DISCOUNT_CARD.USER_PAID", ""},
    {"discount_card_settlement", "DISCOUNT_CARD.SETTLEMENT", ""},
    {"mall_auth", "MALL_AUTH.ACTIVATE_CARD", ""},
    {"mall_refund", "MALL_REFUND.SUCCESS", ""},
    {"mall_transaction", "MALL_TRANSACTION.SUCCESS", ""},
    {"membercard_accept", "MEMBERCARD.ACCEPT_CARD", ""},
    {"membercard_activate", "MEMBERCARD.ACTIVATE_CARD", ""},
    {"membercard_manage", "MEMBERCARD.USERCARD_MANAGE", ""},
    {"product_coupon_image_generation", "PRODUCT_COUPON_SP.IMAGE_GENERATION", ""},
    {"product_coupon_send", "PRODUCT_COUPON_SP.SEND", "1000000077002/PC_77120044"},
    {"refund_abnormal", "REFUND.ABNORMAL", "50300608882024030911224488660/ABNORMAL"},
    {"refund_close_spelling", "REFUND.CLOSED", "50300608882024031499887766554/CLOSED"},
    {"refund_closed", "REFUND.CLOSED", "50300608882024031355443322110/CLOSED"},
    {"refund_multiuse_first", "REFUND.SUCCESS", "50300608882024031300112233445/SUCCESS"},
    {"refund_partner", "REFUND.SUCCESS", "50300608882024031177665544332/SUCCESS"},
    {"refund_success", "REFUND.SUCCESS", "50300608882024030655667788990/SUCCESS"},
    {"refund_success_after_abnormal", "REFUND.SUCCESS", "50300608882024030911224488660/SUCCESS"},
    {"refund_without_status", "REFUND.ABNORMAL", "50300608882024031512121212121/ABNORMAL"},
    {"security_echo", "SECURITY_ECHO.SUCCESS", ""},
    {"unknown_event_type", "COUPON.SOMETHING_NEW", ""},
};

base::JsonObject load(const std::string& name) {
  std::ifstream file(std::filesystem::path(COUPONHOOK_FIXTURES) / (name + ".json"));
  const std::string text((std::istreambuf_iterator<char>(file)), std::istreambuf_iterator<char>());
  auto document = base::parse_object(text, {});
  return document ? std::move(*document) : *base::parse_object("{}", {});
}

std::string text_of(const rapidjson::Value& value) {
  rapidjson::StringBuffer text;
  rapidjson::Writer<rapidjson::StringBuffer> writer(text);
  value.Accept(writer);
  return text.GetString();
}

class Fixture : public testing::TestWithParam<Row> {};

TEST_P(Fixture, BecomesTheEventItClaimsToBe) {
  const Row& row = GetParam();
  const auto fixture = load(row.name);
  ASSERT_TRUE(fixture.value().HasMember("event_type") && fixture.value().HasMember("resource"));
  EXPECT_STREQ(fixture["event_type"].GetString(), row.event_type);

  const CouponEvent event = read_event(row.event_type, text_of(fixture["resource"]), {});
  if (const auto* other = std::get_if<OtherEvent>(&event)) {
    EXPECT_EQ(other->unreadable, "");
  }
  const auto fact = ledger_entry(event, "");
  EXPECT_EQ(fact ? fact->business_key : "", row.business_key);
}

TEST_P(Fixture, HasTheFieldsThatReplayNeeds) {
  const auto fixture = load(GetParam().name);
  ASSERT_TRUE(fixture.value().HasMember("expect"));
  EXPECT_EQ(fixture["expect"].GetInt(), 204);
  ASSERT_TRUE(fixture.value().HasMember("original_type"));
  EXPECT_TRUE(fixture["original_type"].IsString());
}

INSTANTIATE_TEST_SUITE_P(Files, Fixture, testing::ValuesIn(kFixtures),
                         [](const auto& row) { return std::string(row.param.name); });

TEST(Fixtures, AreAllInTheTable) {
  std::set<std::string> files;
  for (const auto& file : std::filesystem::directory_iterator(COUPONHOOK_FIXTURES)) {
    files.insert(file.path().stem().string());
  }
  std::set<std::string> rows;
  for (const Row& row : kFixtures) rows.insert(row.name);
  EXPECT_EQ(files, rows);
}

TEST(Fixtures, CoverEveryDocumentedEventType) {
  for (const CatalogueEntry& entry : event_catalogue()) {
    const auto is_of_type = [&](const Row& row) { return row.event_type == entry.event_type; };
    EXPECT_TRUE(std::any_of(std::begin(kFixtures), std::end(kFixtures), is_of_type))
        << entry.event_type;
  }
}

}  // namespace
}  // namespace couponhook::handlers
