// Checks the texts of alerts: each cause in both languages, with what to do, and the size limit in
// bytes, which must not cut a Chinese character.

#include "server/alert/alert_text.hpp"

#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/utf8.hpp"
#include "server/alert/robot_message.hpp"

namespace couponhook::server {
namespace {

using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;

constexpr std::int64_t kNowMs = 1'764'000'000'000;  // 2025-11-24T16:00:00Z
constexpr AlertLanguage kBoth[] = {AlertLanguage::kZh, AlertLanguage::kEn};

AlertItem dead_letters(std::string handler) {
  AlertItem item;
  item.cause.kind = CauseKind::kDeadDeliveries;
  item.cause.subject = std::move(handler);
  item.cause.count = 12;
  item.since_ms = kNowMs;
  return item;
}

AlertItem of_kind(CauseKind kind) {
  AlertItem item = dead_letters("1900000001");
  item.cause.kind = kind;
  item.cause.time_ms = kNowMs - 3'660'000;
  item.cause.details = {"store: full"};
  return item;
}

std::vector<AlertItem> many(std::size_t count) {
  std::vector<AlertItem> items;
  for (std::size_t i = 0; i < count; ++i) items.push_back(dead_letters("crm" + std::to_string(i)));
  return items;
}

TEST(AlertText, OfEachCauseSaysWhatToDo) {
  for (std::size_t kind = 0; kind < kCauseKinds; ++kind) {
    for (const AlertLanguage language : kBoth) {
      AlertItem item = of_kind(static_cast<CauseKind>(kind));
      const AlertWords words = describe(item, language, kNowMs);
      EXPECT_GT(words.text.size(), 20U) << kind;
      EXPECT_GT(words.remedy.size(), 20U) << kind;
      EXPECT_TRUE(base::is_utf8(words.text));
      item.state = AlertItem::State::kOver;
      item.over_ms = kNowMs + 7'500'000;
      const AlertWords over = describe(item, language, kNowMs);
      EXPECT_THAT(over.text,
                  HasSubstr(language == AlertLanguage::kZh ? "2 小时 5 分钟" : "2 h 5 min"));
      EXPECT_EQ(over.remedy, "");
    }
  }
}

TEST(AlertText, NamesServiceReplicaAndTime) {
  const auto items = many(1);
  const std::string chinese = robot_text(items, AlertLanguage::kZh, "shop-1:42", kNowMs, 2048);
  EXPECT_THAT(chinese,
              StartsWith("couponhook 告警，实例 shop-1:42，2025-11-25 00:00（北京时间）\n"));
  EXPECT_THAT(chinese, HasSubstr("12 条投递"));
  EXPECT_THAT(chinese, HasSubstr("couponhook retry --handler crm0"));
  const std::string english = robot_text(items, AlertLanguage::kEn, "shop-1:42", kNowMs, 2048);
  EXPECT_THAT(english, StartsWith("couponhook alert, replica shop-1:42, 2025-11-24 16:00 UTC\n"));
  EXPECT_THAT(english, HasSubstr("12 deliveries"));
}

TEST(AlertText, FitsEachLimitAndSaysHowManyAreLeftOut) {
  const auto items = many(40);
  for (const AlertLanguage language : kBoth) {
    for (std::size_t limit = 400; limit <= 2048; ++limit) {
      const std::string text = robot_text(items, language, "shop-1:42", kNowMs, limit);
      ASSERT_LE(text.size(), limit);
      ASSERT_TRUE(base::is_utf8(text)) << limit;
      std::size_t shown = 0;
      for (std::size_t at = text.find("--handler crm"); at != std::string::npos;
           at = text.find("--handler crm", at + 1)) {
        ++shown;
      }
      // Each paragraph names the handler in two commands.
      const std::string rest = std::to_string(40 - (shown + 1) / 2);
      if (shown % 2 == 0 && shown > 0) {
        ASSERT_THAT(text, HasSubstr(language == AlertLanguage::kZh ? "另有 " + rest + " 项"
                                                                   : rest + " more do not fit"));
      }
    }
  }
}

TEST(AlertText, OfTheUsualCausesFitsIntoOneMessageOfWecom) {
  std::vector<AlertItem> items;
  for (const CauseKind kind :
       {CauseKind::kNotReady, CauseKind::kQuarantine, CauseKind::kDeadDeliveries,
        CauseKind::kBacklog, CauseKind::kPause}) {
    items.push_back(of_kind(kind));
  }
  const std::size_t limit = robot_text_max(AlertType::kWecom);
  EXPECT_THAT(robot_text(items, AlertLanguage::kZh, "shop-1:42", kNowMs, limit),
              Not(HasSubstr("放不下")));
}

TEST(AlertText, OfOneLongItemIsCut) {
  AlertItem item = of_kind(CauseKind::kNotReady);
  item.cause.details.assign(3, std::string(290, 'x'));
  const std::string text = robot_text({&item, 1}, AlertLanguage::kZh, "shop-1:42", kNowMs, 500);
  EXPECT_LE(text.size(), 500U);
  EXPECT_THAT(text, EndsWith("…"));
}

TEST(AlertText, ShowsControlCharactersAsBlanks) {
  const std::string text = describe(dead_letters("a\nb"), AlertLanguage::kEn, kNowMs).text;
  EXPECT_EQ(text.find('\n'), std::string::npos);
}

TEST(CutText, CutsBetweenCharacters) {
  EXPECT_EQ(cut_text("磁盘", 6), "磁盘");
  EXPECT_EQ(cut_text("磁盘满", 8), "磁…");
  EXPECT_EQ(cut_text("磁盘满", 6), "磁…");
  EXPECT_EQ(cut_text("磁盘满", 5), "…");
  EXPECT_EQ(cut_text("磁盘满", 2), "");
  EXPECT_EQ(cut_text("abcdef", 5), "ab…");
}

TEST(TestText, HasTheKeywordOfTheDocuments) {
  for (const AlertLanguage language : kBoth) {
    EXPECT_THAT(test_text(language, "shop-1:42", kNowMs), StartsWith("couponhook "));
  }
}

}  // namespace
}  // namespace couponhook::server
