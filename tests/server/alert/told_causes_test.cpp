// Checks what a receiver is told of causes that begin, last, end, come back and flap. The tests set
// the time; each message counts as sent unless the test says otherwise.

#include "server/alert/told_causes.hpp"

#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace couponhook::server {
namespace {

using std::chrono::seconds;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using Texts = std::vector<std::string>;

class TheToldCauses : public ::testing::Test {
 protected:
  void pass(seconds time) { now_ += time; }
  [[nodiscard]] AlertTime now() const {
    return {std::chrono::steady_clock::time_point(seconds(1'000'000) + now_),
            1'764'000'000'000 + now_.count() * 1000};
  }
  static Cause cause(CauseKind kind, std::string subject = {}) {
    Cause made;
    made.kind = kind;
    made.subject = std::move(subject);
    return made;
  }
  void see(std::vector<Cause> causes, CauseKnowledge knowledge = CauseKnowledge::kComplete) {
    FoundCauses found;
    found.causes = std::move(causes);
    found.knowledge.fill(knowledge);
    told_.update(found, now());
  }
  [[nodiscard]] std::vector<AlertItem> due() const { return told_.due(now(), terms_); }
  /// Sends what is due. Returns it as texts such as "pause crm begun".
  Texts send() {
    const auto items = due();
    told_.mark_told(items, now());
    Texts texts;
    for (const AlertItem& item : items) {
      const bool is_over = item.state == AlertItem::State::kOver;
      std::string state = is_over ? "over" : item.reminders == 0 ? "begun" : "reminder";
      texts.push_back(std::string(to_string(item.cause.kind)) + " " + item.cause.subject + " " +
                      state);
    }
    return texts;
  }

  const Cause dead_ = cause(CauseKind::kDeadDeliveries, "crm");
  const Cause sealed_ = cause(CauseKind::kQuarantine);
  ToldCauses told_;
  ToldCauses::Terms terms_{seconds(86400), seconds(60)};
  seconds now_{0};
};

TEST_F(TheToldCauses, AreToldOnceAndAgainWhenTheyAreOver) {
  see({dead_});
  EXPECT_THAT(send(), ElementsAre("dead_deliveries crm begun"));
  pass(seconds(600));
  see({dead_});
  EXPECT_THAT(send(), IsEmpty());
  pass(seconds(1));
  see({});
  EXPECT_THAT(send(), IsEmpty()) << "it must be gone for a while";
  pass(seconds(61));
  see({});
  const auto over = due();
  ASSERT_EQ(over.size(), 1U);
  EXPECT_EQ(over[0].over_ms - over[0].since_ms, 600'000);
  EXPECT_THAT(send(), ElementsAre("dead_deliveries crm over"));
  EXPECT_THAT(send(), IsEmpty());
}

TEST_F(TheToldCauses, OfOneMomentComeTogetherTheMostUrgentFirst) {
  see({dead_, cause(CauseKind::kDeadDeliveries, "erp"), sealed_});
  EXPECT_THAT(send(), ElementsAre("quarantine  begun", "dead_deliveries crm begun",
                                  "dead_deliveries erp begun"));
}

TEST_F(TheToldCauses, AreRepeatedAfterTheReminderTime) {
  see({dead_});
  send();
  pass(seconds(86399));
  see({dead_});
  EXPECT_THAT(send(), IsEmpty());
  pass(seconds(1));
  see({dead_});
  EXPECT_THAT(send(), ElementsAre("dead_deliveries crm reminder"));
  EXPECT_THAT(send(), IsEmpty());
  terms_.remind = seconds(0);
  pass(seconds(10 * 86400));
  see({dead_});
  EXPECT_THAT(send(), IsEmpty()) << "0: never";
}

TEST_F(TheToldCauses, StayDueUntilTheyAreSent) {
  see({dead_});
  EXPECT_EQ(due().size(), 1U);
  pass(seconds(5));
  see({dead_, sealed_});
  EXPECT_THAT(send(), ElementsAre("quarantine  begun", "dead_deliveries crm begun"));
}

TEST_F(TheToldCauses, ThatEndBeforeTheyAreSentAreNeverTold) {
  see({dead_});
  EXPECT_EQ(due().size(), 1U);
  see({});
  EXPECT_THAT(send(), IsEmpty());
  pass(seconds(600));
  see({});
  EXPECT_THAT(send(), IsEmpty());
}

TEST_F(TheToldCauses, ThatComeBackWithinTheHoldGoOnSilently) {
  see({dead_});
  send();
  for (int i = 0; i < 50; ++i) {
    pass(seconds(30));
    see(i % 2 == 0 ? std::vector<Cause>{} : std::vector<Cause>{dead_});
    EXPECT_THAT(send(), IsEmpty());
  }
}

TEST_F(TheToldCauses, ThatFlapAreToldMoreAndMoreRarely) {
  std::size_t messages = 0;
  // Two minutes there, two minutes away, for six hours: 180 messages if each change were told.
  for (int i = 0; i < 6 * 3600; i += 10) {
    see(i / 120 % 2 == 0 ? std::vector<Cause>{dead_} : std::vector<Cause>{});
    messages += send().size();
    pass(seconds(10));
  }
  EXPECT_GE(messages, 2U);
  EXPECT_LE(messages, 8U);
}

TEST_F(TheToldCauses, ThatOftenEndByThemselvesMustLastTenSeconds) {
  const Cause not_ready = cause(CauseKind::kNotReady);
  see({not_ready});
  EXPECT_THAT(send(), IsEmpty());
  pass(seconds(9));
  see({});
  pass(seconds(2));
  see({not_ready});
  EXPECT_THAT(send(), IsEmpty()) << "it began anew";
  pass(seconds(10));
  see({not_ready});
  EXPECT_THAT(send(), ElementsAre("not_ready  begun"));
}

TEST_F(TheToldCauses, AreNotOverWhileNothingIsKnown) {
  see({dead_});
  send();
  for (int i = 0; i < 10; ++i) {
    pass(seconds(100));
    see({}, CauseKnowledge::kPartial);
    EXPECT_THAT(send(), IsEmpty());
  }
}

TEST_F(TheToldCauses, OfAnotherReplicaAreForgottenSilently) {
  see({dead_});
  send();
  pass(seconds(100));
  see({}, CauseKnowledge::kNotOurs);
  pass(seconds(100));
  see({});
  EXPECT_THAT(send(), IsEmpty());
  see({dead_});
  EXPECT_THAT(send(), ElementsAre("dead_deliveries crm begun"));
}

TEST_F(TheToldCauses, ThatComeBackWhileTheirEndIsSentAreToldAgain) {
  see({dead_});
  send();
  pass(seconds(10));
  see({});
  pass(seconds(70));
  see({});
  const auto over = due();
  ASSERT_EQ(over.size(), 1U);
  see({dead_});
  told_.mark_told(over, now());
  EXPECT_THAT(send(), ElementsAre("dead_deliveries crm begun"));
}

}  // namespace
}  // namespace couponhook::server
