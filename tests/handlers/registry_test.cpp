// Checks that each handler with a matching event pattern gets an event exactly once, and that no
// other handler gets it. The tests use tables of patterns and event types.

#include "handlers/registry.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace couponhook::handlers {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

EventPattern pattern(std::string_view text) {
  return *EventPattern::parse(text);
}

TEST(EventPattern, MatchesAnEventTypeOrItsBeginning) {
  struct Row {
    const char* pattern;
    const char* event_type;
    bool matches;
  };
  for (const auto& [text, event_type, matches] : {
           Row{"COUPON.USE", "COUPON.USE", true},
           {"COUPON.USE", "COUPON.USED", false},
           {"COUPON.USE", "COUPON.US", false},
           {"COUPON.USE", "coupon.use", false},
           {"COUPON.*", "COUPON.SEND", true},
           {"COUPON.*", "COUPON", false},
           {"COUPON.*", "PRODUCT_COUPON_SP.SEND", false},
           {"COUPON*", "COUPON", true},
           {"*", "ANYTHING.AT_ALL-1", true},
       }) {
    EXPECT_EQ(pattern(text).matches(event_type), matches) << text << " against " << event_type;
  }
}

TEST(EventPattern, RefusesWhatIsNoPattern) {
  for (const char* text : {"", "**", "*.USE", "COUPON.*.X", "COUPON USE", "COUPON.USE,", "券"}) {
    const auto parsed = EventPattern::parse(text);
    ASSERT_FALSE(parsed) << text;
    EXPECT_THAT(parsed.error(), testing::HasSubstr("COUPON.*"));
  }
}

TEST(Registry, NamesMatchingHandlersInTheOrderAdded) {
  Registry registry;
  registry.add("ledger", {pattern("COUPON.*"), pattern("REFUND.*")});
  registry.add("crm", {pattern("COUPON.USE")});
  registry.add("audit", {pattern("*")});
  EXPECT_THAT(registry.match("COUPON.USE"), ElementsAre("ledger", "crm", "audit"));
  EXPECT_THAT(registry.match("REFUND.CLOSED"), ElementsAre("ledger", "audit"));
  EXPECT_THAT(registry.match("MALL_AUTH.ACTIVATE_CARD"), ElementsAre("audit"));
}

TEST(Registry, NamesAHandlerOnceHoweverManyPatternsMatch) {
  Registry registry;
  registry.add("crm", {pattern("*"), pattern("COUPON.*"), pattern("COUPON.USE")});
  EXPECT_THAT(registry.match("COUPON.USE"), ElementsAre("crm"));
}

TEST(Registry, AddsPatternsToANameThatIsThere) {
  Registry registry;
  registry.add("crm", {pattern("COUPON.USE")});
  registry.add("audit", {pattern("COUPON.USE")});
  registry.add("crm", {pattern("REFUND.*")});
  EXPECT_THAT(registry.match("REFUND.SUCCESS"), ElementsAre("crm"));
  EXPECT_THAT(registry.match("COUPON.USE"), ElementsAre("crm", "audit"));
}

TEST(Registry, MatchesNothingWithoutHandlersOrPatterns) {
  Registry registry;
  EXPECT_THAT(registry.match("COUPON.USE"), IsEmpty());
  registry.add("idle", {});
  EXPECT_THAT(registry.match("COUPON.USE"), IsEmpty());
}

}  // namespace
}  // namespace couponhook::handlers
