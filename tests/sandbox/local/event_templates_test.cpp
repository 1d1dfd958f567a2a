// Checks that couponhook understands the notifications that the command `couponhook trigger` makes,
// and that its option --set can change any field. The code in handlers/ parses the notifications;
// the tests then look for the changed fields in the JSON.

#include "sandbox/local/event_templates.hpp"

#include <chrono>
#include <string>
#include <variant>

#include <gtest/gtest.h>
#include <rapidjson/document.h>
#include <rapidjson/pointer.h>

#include "handlers/coupon_event.hpp"
#include "handlers/event_catalogue.hpp"
#include "handlers/ledger.hpp"
#include "support/parse_json.hpp"

namespace couponhook::server {
namespace {

constexpr const char* kMchid = "1900007701";

EventTemplate make_template(const std::string& event_type,
                            const std::vector<std::string>& settings = {}) {
  std::vector<FieldSetting> parsed;
  for (const std::string& text : settings) parsed.push_back(*FieldSetting::parse(text));
  const auto now = std::chrono::sys_days(std::chrono::year(2024) / 12 / 31) +
                   std::chrono::hours(17) + std::chrono::minutes(5);
  return {event_type, kMchid, std::move(parsed), crypto::system_random(), [now] { return now; }};
}

std::string business_key(const std::string& event_type) {
  const auto draft = make_template(event_type).make_draft();
  const auto event = handlers::read_event(event_type, draft->resource, {});
  const auto entry = handlers::ledger_entry(event, "");
  return entry ? entry->business_key : "";
}

/// Makes a COUPON.USE notification with these values of the option --set. Returns the value at a
/// JSON pointer in the notification's content, or "absent" if there is no such field.
std::string text_at(const std::vector<std::string>& settings, const char* pointer) {
  const auto resource =
      support::parse_json(make_template("COUPON.USE", settings).make_draft()->resource);
  const auto* value = rapidjson::Pointer(pointer).Get(resource);
  if (value == nullptr) return "absent";
  if (value->IsString()) return value->GetString();
  return value->IsInt() ? "integer " + std::to_string(value->GetInt()) : "something else";
}

class CouponTemplate : public testing::TestWithParam<const char*> {};

TEST_P(CouponTemplate, ChangesACoupon) {
  EXPECT_NE(business_key(GetParam()), "");
}

TEST_P(CouponTemplate, DiffersEachTime) {
  EXPECT_NE(business_key(GetParam()), business_key(GetParam()));
}

INSTANTIATE_TEST_SUITE_P(Types, CouponTemplate,
                         testing::Values("COUPON.SEND", "COUPON.USE", "PRODUCT_COUPON_SP.SEND",
                                         "REFUND.SUCCESS", "REFUND.ABNORMAL", "REFUND.CLOSED"));

TEST(EventTemplate, ReadsAsItsKindForEveryDocumentedType) {
  for (const auto& entry : handlers::event_catalogue()) {
    const std::string type(entry.event_type);
    const auto draft = make_template(type).make_draft();
    const auto event = handlers::read_event(type, draft->resource, {});
    if (const auto* other = std::get_if<handlers::OtherEvent>(&event)) {
      EXPECT_EQ(other->unreadable, "") << type;
    }
  }
}

TEST(EventTemplate, GivesEachDraftAnIdOfItsOwn) {
  const EventTemplate event = make_template("COUPON.SEND");
  EXPECT_NE(event.make_draft()->id, event.make_draft()->id);
}

TEST(EventTemplate, TakesTheEnvelopeFromTheCatalogue) {
  const auto draft = make_template("PRODUCT_COUPON_SP.SEND").make_draft();
  EXPECT_EQ(draft->original_type, "coupon");
  EXPECT_EQ(draft->associated_data, "product_coupon_sp");
  EXPECT_EQ(draft->summary, "商品券领券通知");
}

TEST(EventTemplate, MakesADraftOfAnUnknownType) {
  const auto draft = make_template("SOMETHING.NEW").make_draft();
  EXPECT_EQ(draft->event_type, "SOMETHING.NEW");
  EXPECT_EQ(draft->resource.front(), '{');
}

TEST(EventTemplate, DatesItNowInBeijing) {
  EXPECT_EQ(text_at({}, "/consume_information/consume_time"), "2025-01-01T01:05:00+08:00");
}

TEST(EventTemplate, NamesTheMerchant) {
  EXPECT_EQ(text_at({}, "/consume_information/consume_mchid"), kMchid);
}

TEST(FieldSetting, WinsOverWhatIsGenerated) {
  EXPECT_EQ(
      text_at({"consume_information.transaction_id=T1"}, "/consume_information/transaction_id"),
      "T1");
}

TEST(FieldSetting, LetsTheLastOneWin) {
  EXPECT_EQ(text_at({"coupon_name=a", "coupon_name=b"}, "/coupon_name"), "b");
}

TEST(FieldSetting, TakesJsonWhereItIsJson) {
  EXPECT_EQ(text_at({R"(new={"a":[7]})"}, "/new/a/0"), "integer 7");
}

TEST(FieldSetting, TakesTextWhereItIsNoJson) {
  EXPECT_EQ(text_at({"new=a \"b\" = c"}, "/new"), "a \"b\" = c");
}

TEST(FieldSetting, LeavesANumberTextInATextField) {
  EXPECT_EQ(text_at({"coupon_id=80231900457"}, "/coupon_id"), "80231900457");
}

TEST(FieldSetting, TakesANumberAsANumberInANewField) {
  EXPECT_EQ(text_at({"new=5"}, "/new"), "integer 5");
}

TEST(FieldSetting, MakesTheObjectsOnItsWay) {
  EXPECT_EQ(text_at({"a.b.c=1"}, "/a/b/c"), "integer 1");
}

TEST(FieldSetting, MakesAnObjectOutOfAText) {
  EXPECT_EQ(text_at({"description.code=x"}, "/description/code"), "x");
}

TEST(FieldSetting, IndexesArrays) {
  EXPECT_EQ(text_at({"goods=[1,2]", "goods.1=3"}, "/goods/1"), "integer 3");
}

TEST(FieldSetting, MakesArraysThatItIndexes) {
  EXPECT_EQ(text_at({"consume_information.goods_detail.0.goods_id=soy"},
                    "/consume_information/goods_detail/0/goods_id"),
            "soy");
}

TEST(FieldSetting, IsRefusedWhereAnArrayHasNames) {
  EXPECT_FALSE(make_template("COUPON.USE", {"goods=[]", "goods.name=1"}).make_draft());
}

TEST(FieldSetting, IsRefusedWithoutAnEqualsSign) {
  EXPECT_FALSE(FieldSetting::parse("a.b"));
}

TEST(FieldSetting, IsRefusedWithAnEmptyName) {
  EXPECT_FALSE(FieldSetting::parse("=1"));
  EXPECT_FALSE(FieldSetting::parse("a..b=1"));
  EXPECT_FALSE(FieldSetting::parse("a.=1"));
}

TEST(ResolveEvent, KnowsTheShortNames) {
  EXPECT_EQ(resolve_event("issue"), "COUPON.SEND");
  EXPECT_EQ(resolve_event("redeem"), "COUPON.USE");
  EXPECT_EQ(resolve_event("refund"), "REFUND.SUCCESS");
  EXPECT_EQ(resolve_event("MALL_AUTH.ACTIVATE_CARD"), "MALL_AUTH.ACTIVATE_CARD");
}

}  // namespace
}  // namespace couponhook::server
