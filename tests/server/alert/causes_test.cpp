// Checks which causes the thresholds of an [[alert]] make of a snapshot.

#include "server/alert/causes.hpp"

#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace couponhook::server {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::UnorderedElementsAre;

constexpr std::int64_t kNowMs = 1'764'000'000'000;
constexpr std::int64_t kDayMs = 86'400'000;

AlertFacts calm_facts() {
  AlertFacts facts;
  facts.now.unix_ms = kNowMs;
  facts.store = AlertFacts::StoreView::kKnown;
  facts.reasons_against.emplace();
  return facts;
}

std::vector<std::string> names(const AlertFacts& facts, const AlertConfig& thresholds = {}) {
  std::vector<std::string> texts;
  for (const Cause& cause : find_causes(facts, thresholds).causes) {
    texts.push_back(std::string(to_string(cause.kind)) +
                    (cause.subject.empty() ? "" : " " + cause.subject));
  }
  return texts;
}

TEST(Causes, OfACalmServiceAreNone) {
  EXPECT_THAT(names(calm_facts()), IsEmpty());
}

TEST(Causes, AreEachFound) {
  AlertFacts facts = calm_facts();
  facts.dead["crm"].count = 3;
  facts.oldest_open_ms = kNowMs - 1'800'000;
  facts.sealed = 1;
  facts.pauses.push_back({7, "crm", "", kNowMs - 3'600'000});
  facts.keys.push_back({"1900000001", kNowMs + 13 * kDayMs, false});
  facts.certificates.push_back({"listener", kNowMs + 13 * kDayMs});
  facts.unknown_keys.push_back({"1900000001", 2, {"ABC"}});
  facts.reasons_against->push_back("store: no row can be committed");
  facts.refused_units["listener"] = "missing";
  EXPECT_THAT(
      names(facts),
      UnorderedElementsAre("not_ready", "quarantine", "unknown_serials 1900000001",
                           "keys_end 1900000001", "certificate_ends listener",
                           "dead_deliveries crm", "backlog", "reload_refused listener", "pause 7"));
}

TEST(Causes, BelowTheThresholdsAreNone) {
  AlertFacts facts = calm_facts();
  facts.oldest_open_ms = kNowMs - 1'799'999;
  facts.pauses.push_back({7, "crm", "", kNowMs - 3'599'999});
  facts.keys.push_back({"1900000001", kNowMs + 14 * kDayMs, false});
  facts.certificates.push_back({"listener", kNowMs + 14 * kDayMs});
  EXPECT_THAT(names(facts), IsEmpty());
  AlertConfig lower;
  lower.backlog = std::chrono::seconds(60);
  lower.pause = std::chrono::seconds(60);
  lower.certificate = std::chrono::days(30);
  EXPECT_EQ(names(facts, lower).size(), 4U);
}

TEST(Causes, OfAThresholdOfZeroAreNeverTold) {
  AlertFacts facts = calm_facts();
  facts.oldest_open_ms = 0;
  facts.pauses.push_back({7, "crm", "", 0});
  facts.keys.push_back({"1900000001", kNowMs - 1, false});
  facts.certificates.push_back({"admin", kNowMs - 1});
  AlertConfig none;
  none.backlog = none.pause = std::chrono::seconds(0);
  none.certificate = std::chrono::days(0);
  EXPECT_THAT(names(facts, none), IsEmpty());
}

TEST(Causes, OfADownloadedCertificateAreToldOnlyWhenTheDownloadIsLate) {
  AlertFacts facts = calm_facts();
  facts.keys.push_back({"1900000001", kNowMs + 11 * kDayMs, true});
  EXPECT_THAT(names(facts), IsEmpty());
  facts.keys.front().ends_ms = kNowMs + 9 * kDayMs;
  EXPECT_THAT(names(facts), ElementsAre("keys_end 1900000001"));
}

TEST(Causes, OfAnUnreadableStoreAreUnknown) {
  AlertFacts facts = calm_facts();
  facts.store = AlertFacts::StoreView::kUnknown;
  facts.reasons_against.reset();
  const FoundCauses found = find_causes(facts, {});
  EXPECT_THAT(found.causes, IsEmpty());
  for (const CauseKind kind : {CauseKind::kDeadDeliveries, CauseKind::kBacklog,
                               CauseKind::kQuarantine, CauseKind::kPause, CauseKind::kNotReady}) {
    EXPECT_EQ(found.about(kind), CauseKnowledge::kPartial) << to_string(kind);
  }
  EXPECT_EQ(found.about(CauseKind::kReloadRefused), CauseKnowledge::kComplete);
}

TEST(Causes, OfTheStoreAreNotOursWithoutTheLease) {
  AlertFacts facts = calm_facts();
  facts.store = AlertFacts::StoreView::kNotOurs;
  const FoundCauses found = find_causes(facts, {});
  EXPECT_EQ(found.about(CauseKind::kBacklog), CauseKnowledge::kNotOurs);
  EXPECT_EQ(found.about(CauseKind::kCertificateEnds), CauseKnowledge::kComplete);
}

TEST(Causes, OfHandlersThatMayBeMissingAreNotOver) {
  AlertFacts facts = calm_facts();
  facts.dead["crm"] = {500, true};
  facts.dead_is_complete = false;
  const FoundCauses found = find_causes(facts, {});
  EXPECT_EQ(found.about(CauseKind::kDeadDeliveries), CauseKnowledge::kPartial);
  EXPECT_TRUE(found.causes.front().count_is_least);
}

}  // namespace
}  // namespace couponhook::server
