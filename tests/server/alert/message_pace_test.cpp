// Checks when the next message may be sent. The tests set the time.

#include "server/alert/message_pace.hpp"

#include <gtest/gtest.h>

namespace couponhook::server {
namespace {

using std::chrono::seconds;

MessagePace::TimePoint at(int second) {
  return MessagePace::TimePoint(seconds(100'000 + second));
}

AlertAnswer answer(AlertOutcome outcome, std::optional<seconds> wait = {}) {
  return {outcome, "", wait};
}

TEST(MessagePace, AllowsTenInAMinute) {
  MessagePace pace;
  int sent = 0;
  for (int second = 0; second < 600; ++second) {
    if (!pace.may_send(at(second))) continue;
    pace.note_sending(at(second));
    pace.note_answer(answer(AlertOutcome::kSent), at(second));
    ++sent;
  }
  EXPECT_EQ(sent, 100);
}

TEST(MessagePace, WaitsLongerAfterEachFailure) {
  MessagePace pace;
  int second = 0;
  for (const int wait : {5, 10, 20, 40, 80, 160, 320, 600, 600}) {
    pace.note_answer(answer(AlertOutcome::kFailed), at(second));
    EXPECT_FALSE(pace.may_send(at(second + wait - 1))) << wait;
    second += wait;
    EXPECT_TRUE(pace.may_send(at(second))) << wait;
  }
  pace.note_answer(answer(AlertOutcome::kSent), at(second));
  pace.note_answer(answer(AlertOutcome::kFailed), at(second));
  EXPECT_TRUE(pace.may_send(at(second + 5))) << "a success ends the backoff";
}

TEST(MessagePace, WaitsAsLongAsTheReceiverAsks) {
  MessagePace pace;
  pace.note_answer(answer(AlertOutcome::kThrottled, seconds(600)), at(0));
  EXPECT_FALSE(pace.may_send(at(599)));
  EXPECT_TRUE(pace.may_send(at(600)));
}

TEST(MessagePace, RestsAfterARefusalUntilSettingsAreLoaded) {
  MessagePace pace;
  pace.note_answer(answer(AlertOutcome::kRefused), at(0));
  EXPECT_FALSE(pace.may_send(at(3599)));
  pace.note_answer(answer(AlertOutcome::kRefused), at(3600));
  EXPECT_FALSE(pace.may_send(at(3600 + 7199)));
  pace.reset();
  EXPECT_TRUE(pace.may_send(at(3601)));
}

}  // namespace
}  // namespace couponhook::server
