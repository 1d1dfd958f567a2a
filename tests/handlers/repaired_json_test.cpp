// Tests of notifications with invalid JSON. An error in an unimportant member must not keep the
// event out of the ledger. An error in a member that identifies the event (coupon, payment, time)
// must never be repaired by a guess. Each test puts one error into a notification of each kind, at
// every position.

#include "base/repaired_json.hpp"

#include <array>
#include <string>

#include <gtest/gtest.h>

#include "handlers/coupon_event.hpp"
#include "handlers/ledger.hpp"

namespace couponhook::handlers {
namespace {

using namespace std::string_literals;

struct Flawed {
  // JSON members for the test object, at least one with an error. A comma follows each of them.
  std::string members;
  std::string flaw;  // words that the description of the JSON error must contain
};

/// Returns JSON members with errors that do not hide the event, because these members do not
/// identify the coupon, the payment or the time.
std::vector<Flawed> harmless_flaws() {
  std::string deep = "\"deep\":" + std::string(200'000, '[') + std::string(200'000, ']') + ",";
  std::string many = "\"many\":[0";
  for (int i = 0; i < 60'000; ++i) many += ",0";
  return {
      {"\"description\":\"a\nb\",", "control character"},
      {"\"description\":\"a\rb\tc\",", "control character"},
      {"\"description\":\"a\0b\","s, "control character"},
      {"\"description\":\"a\x1A\",", "control character"},
      {"\"description\":\"half \xE5\x88\",", "not UTF-8"},
      {"\"description\":\"\xFF\xFE\xC0\xAF\",", "not UTF-8"},
      {R"("description":"\ud83c",)", "surrogate"},
      {R"("description":"\udf75 \ud83c\ud83c",)", "surrogate"},
      {R"("description":"\x \' \u12",)", "escape"},
      {R"("\ud83c":1,)", "surrogate"},
      {R"("description":"a","description":"b",)", "twice"},
      {R"("description":"a","desc\u0072iption":"b",)", "twice"},
      {R"("goods":[{"a":1,"a":2}],)", "twice"},
      {R"("price":1e999,)", "number"},
      {R"("price":01,)", "number"},
      {R"("price":NaN,)", "number"},
      {R"("flag":True,)", "literal"},
      {R"("list":[1,2,],)", "comma"},
      {deep, "deep"},
      {many + "],", "many"},
  };
}

struct Kind {
  const char* event_type;
  std::string members;  // JSON members that identify the event, without a comma at the end
  const char* business_key;
  const char* occurred_at;
};
std::array<Kind, 3> kinds() {
  return {
      {{"COUPON.SEND", R"("stock_id":"12","coupon_code":"AB-3","send_time":"T")", "12/AB-3", "T"},
       {"COUPON.USE",
        R"("stock_id":"12","coupon_id":"34","consume_information":)"
        R"({"transaction_id":"4200","consume_time":"T"})",
        "34/4200", "T"},
       {"REFUND.SUCCESS",
        R"("transaction_id":"4200","refund_id":"503","refund_status":"SUCCESS",)"
        R"("success_time":"T")",
        "503/SUCCESS", "T"}}};
}

void expect_fact(const Kind& kind, const std::string& resource, const std::string& flaw) {
  EventReading reading = read_flawed_event(kind.event_type, resource, {});
  EXPECT_NE(reading.flaw.find(flaw), std::string::npos) << reading.flaw << " in " << resource;
  const auto fact = ledger_entry(std::move(reading.event), "");
  ASSERT_TRUE(fact) << resource.substr(0, 200);
  EXPECT_EQ(fact->business_key, kind.business_key);
  EXPECT_EQ(fact->occurred_at, kind.occurred_at);
}

std::string why_unreadable(std::string_view event_type, std::string_view resource) {
  const EventReading reading = read_flawed_event(event_type, resource, {});
  const auto* other = std::get_if<OtherEvent>(&reading.event);
  return other == nullptr ? "it was readable" : other->unreadable;
}

TEST(FlawedEvent, IsReadFromTheIdentifyingFields) {
  for (const Kind& kind : kinds()) {
    for (const auto& [members, flaw] : harmless_flaws()) {
      expect_fact(kind, "{" + members + kind.members + "}", flaw);
      expect_fact(kind, "{" + kind.members + "," + members.substr(0, members.size() - 1) + "}",
                  flaw);
    }
  }
}

TEST(FlawedEvent, IsReadWhereTheFlawIsAroundTheObject) {
  for (const Kind& kind : kinds()) {
    expect_fact(kind, "\xEF\xBB\xBF{" + kind.members + "}", "byte order mark");
    expect_fact(kind, "{" + kind.members + ",}", "comma");
    expect_fact(kind, "{" + kind.members + "}\0\0"s, "behind its end");
    expect_fact(kind, "{" + kind.members + "} x", "behind its end");
  }
}

TEST(FlawedEvent, HasNoFlawWhereThereIsNone) {
  for (const Kind& kind : kinds()) {
    EXPECT_EQ(read_flawed_event(kind.event_type, "{" + kind.members + "}", {}).flaw, "");
  }
}

TEST(FlawedEvent, IsUnreadableWithAnInvalidIdentifyingField) {
  for (const Kind& kind : kinds()) {
    for (const std::string field : {"stock_id", "coupon_code", "coupon_id", "transaction_id",
                                    "refund_id", "send_time", "consume_time", "success_time"}) {
      const std::size_t at = kind.members.find("\"" + field + "\":\"");
      if (at == std::string::npos) continue;
      const std::size_t value = at + field.size() + 4;
      for (const std::string& flaw : {"\n"s, "\0"s, "\xFF"s, "\x1F"s, R"(\ud83c)"s, R"(\x)"s}) {
        std::string members = kind.members;
        members.insert(value, flaw);
        const std::string why = why_unreadable(kind.event_type, "{" + members + "}");
        EXPECT_NE(why.find(field + " is invalid"), std::string::npos) << members << why;
      }
    }
  }
}

TEST(FlawedEvent, IsUnreadableWithTwoValuesOfAnIdentifyingField) {
  for (const Kind& kind : kinds()) {
    const struct {
      // Name of a JSON member. The case is tested only with notifications that have this member.
      const char* decides;
      const char* more;
    } cases[] = {
        {"stock_id", R"(,"stock_id":"13")"},
        {"coupon_code", R"(,"coupon_code":"AB-4")"},
        {"coupon_id", R"(,"coupon_id":"35")"},
        {"coupon_id", R"(,"coupon\u005fid":"35")"},
        {"coupon_id", R"(,"coupon_id":null)"},
        {"coupon_id", R"(,"coupon_id":34.0)"},
        {"consume_information",
         R"(,"consume_information":{"transaction_id":"4201","consume_time":"T"})"},
        {"consume_information", R"(,"consume_information":{"consume_time":"T"})"},
        {"consume_information", R"(,"consume_information":null)"},
        {"send_time", R"(,"send_time":"U")"},
        {"refund_id", R"(,"refund_id":"504")"},
        {"refund_status", R"(,"refund_status":"CLOSED")"},
        {"success_time", R"(,"success_time":"U")"},
    };
    for (const auto& [decides, more] : cases) {
      if (kind.members.find("\"" + std::string(decides) + "\"") == std::string::npos) continue;
      const std::string resource = "{" + kind.members + more + "}";
      EXPECT_NE(why_unreadable(kind.event_type, resource).find("comes twice"), std::string::npos)
          << resource;
    }
  }
}

TEST(FlawedEvent, IsReadWithARepeatedEqualIdentifyingField) {
  const auto all = kinds();
  for (const Kind& kind : all) {
    expect_fact(kind, "{" + kind.members + "," + kind.members + "}", "twice");
  }
  expect_fact(all[1],
              R"({"stock_id":12,"stock_id":"12","coupon_id":"34","consume_information":)"
              R"({"transaction_id":"4200","consume_time":"T","transaction_id":"4200"}})",
              "twice");
}

TEST(FlawedEvent, IsReadWhereAnIdentifierIsANumberOfMoreThan64Bits) {
  const EventReading reading =
      read_flawed_event("COUPON.USE",
                        R"({"stock_id":12,"coupon_id":34,"consume_information":)"
                        R"({"transaction_id":4200002188202403057711223344}})",
                        {});
  EXPECT_EQ(std::get<CouponRedeemed>(reading.event).transaction_id, "4200002188202403057711223344");
}

TEST(FlawedEvent, IsUnreadableWithAmbiguousMembers) {
  const std::string members = kinds()[1].members;
  for (const std::string& resource :
       {"{" + members, "{" + members + ",\"description\":\"he said \"hi\" there\"}",
        "{" + members + "}{" + members + "}", "{" + members + ",\"a\":[}}", "[{" + members + "}]",
        "{" + members + ",\"a\":\"open}", "{\"a\":1 " + members + "}", "{'a':1," + members + "}",
        "\"{" + members + "}\"", std::string()}) {
    EXPECT_NE(why_unreadable("COUPON.USE", resource).find("not a JSON object"), std::string::npos)
        << resource;
  }
}

TEST(FlawedEvent, IgnoresNamesSimilarToAnIdentifyingField) {
  const std::string redeemed =
      R"("coupon_id":"34","consume_information":{"transaction_id":"4200"})";
  for (const std::string& name : {"stock_id\0"s, "stock\xFF_id"s, "Stock_id"s, "stock_id\n"s}) {
    const std::string resource = "{\"" + name + "\":\"12\"," + redeemed + ",}";
    EXPECT_EQ(why_unreadable("COUPON.USE", resource), "stock_id is missing");
  }
  EXPECT_EQ(why_unreadable("COUPON.USE", "{\"in\":{\"stock_id\":\"12\"}," + redeemed + ",}"),
            "stock_id is missing");
}

TEST(FlawedEvent, FindsIdentifyingFieldsBeyondTheLimit) {
  const base::JsonLimits limits{.depth_max = 4, .values_max = 10};
  std::string resource = "{";
  for (int i = 0; i < 100; ++i) resource += "\"k" + std::to_string(i) + "\":0,";
  const Kind kind = kinds()[1];
  EventReading reading = read_flawed_event(kind.event_type, resource + kind.members + "}", limits);
  const auto fact = ledger_entry(std::move(reading.event), "");
  ASSERT_TRUE(fact);
  EXPECT_EQ(fact->business_key, kind.business_key);
}

TEST(RepairedObject, IsAcceptedByAStrictParser) {
  for (const auto& [members, flaw] : harmless_flaws()) {
    const auto repaired = base::repair_object("{" + members + "\"券\":\"ok\"}", {}, {});
    ASSERT_TRUE(repaired) << flaw;
    const auto parsed = base::parse_object(repaired->text, {});
    ASSERT_TRUE(parsed) << repaired->text.substr(0, 200);
    if (flaw == "many") continue;
    EXPECT_STREQ((*parsed)["券"].GetString(), "ok");
  }
}

TEST(RepairedObject, KeepsEverythingElseAsItIs) {
  const std::string members =
      R"("n":null,"t":true,"i":-5,"d":1.50,"e":2e3,"s":"券\n\/\u0041\ud83c\udf75","a":[1,[]],"o":{})";
  EXPECT_EQ(base::repair_object("{" + members + ",}", {}, {})->text, "{" + members + "}");
  EXPECT_EQ(base::repair_object(R"({"a":1,"a":2,"b":[1,],"c":"a)"
                                "\x1F\"}",
                                {}, {})
                ->text,
            R"({"a":1,"b":[1],"c":"a\u001f"})");
}

TEST(RepairedObject, CostsMemoryInProportionToTheText) {
  // The text has two million opening brackets. A parser that needed a stack frame or a state for
  // each bracket would need gigabytes of memory.
  const std::string deep(2'000'000, '[');
  EXPECT_FALSE(base::repair_object("{\"a\":" + deep + "}", {}, {}));
  EXPECT_TRUE(base::repair_object("{\"a\":" + deep + std::string(deep.size(), ']') + "}", {}, {}));
}

}  // namespace
}  // namespace couponhook::handlers
