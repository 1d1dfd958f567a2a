// Checks that the sandbox (a simulated WeChat Pay) sends an unacknowledged notification again at
// the times of WeChat Pay's retry schedule, and exactly as often. The tests play the receiver, and
// set the clock from one send time to the next.

#include "sandbox/outbox.hpp"

#include <gmock/gmock.h>

#include "sandbox/schedule.hpp"

namespace couponhook::server::sandbox {
namespace {

using namespace std::chrono_literals;
using ::testing::Each;
using ::testing::ElementsAre;
using ::testing::SizeIs;

OutboxEntry entry_of(const std::string& event_type, InjectedFaults injected = {}) {
  OutboxEntry entry;
  entry.draft.event_type = event_type;
  entry.url = "https://receiver.example/notify";
  entry.injected = injected;
  return entry;
}

class SandboxOutbox : public ::testing::Test {
 protected:
  /// Replies with `status` to every copy of the notifications until no copy is left to send.
  /// \return the times at which the copies were sent.
  std::vector<ScheduleTime> answer_all(unsigned status) {
    std::vector<ScheduleTime> sent;
    while (const auto due = outbox_.next_due()) {
      now_ = std::max(now_, *due);
      const auto copy = outbox_.take(now_);
      if (!copy) break;
      sent.push_back(now_);
      outbox_.replied(*copy, status, now_);
    }
    return sent;
  }

  Outbox outbox_;
  ScheduleTime now_{1000};
};

TEST_F(SandboxOutbox, SendsAtOnceAndNoMoreOnceAcknowledged) {
  outbox_.add(entry_of("COUPON.USE"), now_);
  EXPECT_THAT(answer_all(204), ElementsAre(1000ms));
  EXPECT_EQ(outbox_.entry(0).state, OutboxState::kDelivered);
}

TEST_F(SandboxOutbox, TakesTwoHundredForAnAcknowledgementAndNoOtherSuccess) {
  outbox_.add(entry_of("COUPON.USE"), now_);
  EXPECT_THAT(answer_all(200), SizeIs(1));
  outbox_.add(entry_of("COUPON.USE"), now_);
  EXPECT_THAT(answer_all(201), SizeIs(9));
}

TEST_F(SandboxOutbox, SendsARedemptionOnceAMinuteNineTimes) {
  outbox_.add(entry_of("COUPON.USE"), now_);
  const auto sent = answer_all(503);
  ASSERT_THAT(sent, SizeIs(9));
  for (std::size_t i = 1; i < sent.size(); ++i) EXPECT_EQ(sent[i] - sent[i - 1], 1min);
  EXPECT_EQ(outbox_.entry(0).state, OutboxState::kGivenUp);
  EXPECT_THAT(outbox_.entry(0).statuses, Each(503U));
}

TEST_F(SandboxOutbox, SendsAnIssueElevenTimes) {
  outbox_.add(entry_of("COUPON.SEND"), now_);
  EXPECT_THAT(answer_all(0), SizeIs(11));
}

TEST_F(SandboxOutbox, SendsARefundFifteenTimesWithinADay) {
  outbox_.add(entry_of("REFUND.SUCCESS"), now_);
  const auto sent = answer_all(500);
  ASSERT_THAT(sent, SizeIs(15));
  EXPECT_EQ(sent[1] - sent[0], 15s);
  EXPECT_EQ(sent[3] - sent[2], 3min);
  EXPECT_EQ(sent.back() - sent.front(), 24h + 4min - 15s);
}

TEST_F(SandboxOutbox, GivesNothingBeforeItIsDue) {
  outbox_.add(entry_of("COUPON.USE", {.delay = 5s}), now_);
  EXPECT_FALSE(outbox_.take(now_ + 4999ms));
  EXPECT_EQ(outbox_.next_due(), now_ + 5s);
  EXPECT_TRUE(outbox_.take(now_ + 5s));
}

TEST_F(SandboxOutbox, LetsALaterOneOvertakeOneThatWaits) {
  outbox_.add(entry_of("COUPON.USE", {.delay = 5s}), now_);
  outbox_.add(entry_of("REFUND.SUCCESS"), now_);
  EXPECT_EQ(outbox_.take(now_ + 10s)->entry, 1U);
  EXPECT_EQ(outbox_.take(now_ + 10s)->entry, 0U);
}

TEST_F(SandboxOutbox, SendsAProbeFirstWhereOneIsWanted) {
  outbox_.add(entry_of("COUPON.USE", {.probe = true}), now_);
  const auto probe = outbox_.take(now_);
  EXPECT_EQ(probe->bad, Bad::kProbe);
  outbox_.replied(*probe, 401, now_);
  const auto copy = outbox_.take(now_ + 1min);
  EXPECT_EQ(copy->bad, Bad::kNone);
}

TEST_F(SandboxOutbox, SendsTheTrueCopyThoughAProbeWasAccepted) {
  outbox_.add(entry_of("COUPON.USE", {.probe = true}), now_);
  EXPECT_THAT(answer_all(204), SizeIs(2));
  EXPECT_EQ(outbox_.summary().probes_accepted, 1U);
}

TEST_F(SandboxOutbox, GivesAllCopiesOfASendAtOnceAndIsDoneWithTheFirstAcknowledgement) {
  outbox_.add(entry_of("COUPON.USE", {.copies = 2}), now_);
  const auto first = outbox_.take(now_);
  const auto second = outbox_.take(now_);
  ASSERT_TRUE(first && second);
  EXPECT_FALSE(outbox_.take(now_));
  outbox_.replied(*second, 204, now_);
  EXPECT_EQ(outbox_.entry(0).state, OutboxState::kPending);
  outbox_.replied(*first, 503, now_);
  EXPECT_EQ(outbox_.entry(0).state, OutboxState::kDelivered);
  EXPECT_EQ(outbox_.next_due(), std::nullopt);
}

TEST_F(SandboxOutbox, NeverSendsWhatIsLostOrHasNoReceiver) {
  outbox_.add(entry_of("COUPON.USE", {.lost = true}), now_);
  OutboxEntry nowhere = entry_of("COUPON.USE");
  nowhere.url.clear();
  outbox_.add(std::move(nowhere), now_);
  EXPECT_FALSE(outbox_.take(now_ + 24h));
  EXPECT_EQ(outbox_.summary().by_state["lost"], 1U);
  EXPECT_EQ(outbox_.summary().by_state["unregistered"], 1U);
}

TEST_F(SandboxOutbox, CountsAfterHowManySendsEachWasDelivered) {
  outbox_.add(entry_of("COUPON.USE"), now_);
  outbox_.replied(*outbox_.take(now_), 503, now_);
  now_ += 1min;
  outbox_.replied(*outbox_.take(now_), 204, now_);
  outbox_.add(entry_of("COUPON.USE"), now_);
  outbox_.replied(*outbox_.take(now_), 204, now_);
  const auto summary = outbox_.summary();
  EXPECT_THAT(summary.delivered_by_sends, ElementsAre(std::pair(1U, 1U), std::pair(2U, 1U)));
  EXPECT_EQ(summary.copies, 3U);
}

}  // namespace
}  // namespace couponhook::server::sandbox
