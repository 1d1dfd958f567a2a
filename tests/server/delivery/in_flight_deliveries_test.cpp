// Tests of the bookkeeping of deliveries in flight: each waiting reply gets the true result exactly
// once, and no delivery is made twice at the same time. The listeners record the results that they
// get.

#include "server/delivery/in_flight_deliveries.hpp"

#include <gtest/gtest.h>

namespace couponhook::server {
namespace {

class NoSender final : public Sender {
 public:
  void send(storage::ClaimedDelivery&&, Urgency) override {}
  std::vector<storage::ClaimedDelivery> take_back() override { return {}; }
  bool take_back(std::int64_t) override { return false; }
};

struct Ear final : HandledListener {
  void handled(Handled result) noexcept override { heard.push_back(result); }
  std::vector<Handled> heard;
};
using Heard = std::vector<Handled>;

const SteadyClock::time_point kNow{std::chrono::hours(1)};

class OutDeliveries : public ::testing::Test {
 protected:
  storage::ClaimedDelivery delivery(std::int64_t id, std::int64_t fence = 1) {
    storage::ClaimedDelivery one;
    one.lease = {id, fence};
    one.handler = "crm";
    one.mchid = "1900000001";
    one.notification_id = "N-1";
    return one;
  }

  Lane lane_{{.handler = "crm", .retries = {}, .breaker = {}}, std::make_unique<NoSender>()};
  Out out_;
  HandledRequest request(std::shared_ptr<Ear> ear) {
    return {"1900000001", "N-1", {"crm"}, {}, std::move(ear)};
  }
  HandledRequest request() { return request(ear_); }

  std::shared_ptr<Ear> ear_ = std::make_shared<Ear>();
  const Out::Key key_ = "1900000001/N-1";
};

TEST_F(OutDeliveries, TellWhoeverWaitsOnceAllAreBack) {
  ASSERT_TRUE(out_.add(delivery(1), lane_));
  ASSERT_TRUE(out_.add(delivery(2), lane_));
  out_.wait(request(), {1, 2}, Handled::kDone, kNow);
  out_.remove(1, CameBack::kDone);
  EXPECT_TRUE(ear_->heard.empty());
  out_.remove(2, CameBack::kDone);
  EXPECT_EQ(ear_->heard, Heard{Handled::kDone});
}

TEST_F(OutDeliveries, TellOfAFailureWhateverTheOthersDid) {
  ASSERT_TRUE(out_.add(delivery(1), lane_));
  ASSERT_TRUE(out_.add(delivery(2), lane_));
  out_.wait(request(), {1, 2}, Handled::kDone, kNow);
  out_.remove(1, CameBack::kFailed);
  out_.remove(2, CameBack::kTakenOver);
  EXPECT_EQ(ear_->heard, Heard{Handled::kFailed});
}

TEST_F(OutDeliveries, LetLaterCopiesJoinTheSameWait) {
  ASSERT_TRUE(out_.add(delivery(1), lane_));
  const auto other = std::make_shared<Ear>();
  EXPECT_FALSE(out_.join(request(other))) << "nobody waits yet";
  out_.wait(request(), {1}, Handled::kDone, kNow);
  EXPECT_TRUE(out_.join(request(other)));
  out_.remove(1, CameBack::kDone);
  EXPECT_EQ(ear_->heard, Heard{Handled::kDone});
  EXPECT_EQ(other->heard, Heard{Handled::kDone});
}

TEST_F(OutDeliveries, AnswerAtOnceWhereThereIsNothingToWaitFor) {
  out_.wait(request(), {}, Handled::kFailed, kNow);
  EXPECT_EQ(ear_->heard, Heard{Handled::kFailed});
}

TEST_F(OutDeliveries, AreAskedForNowAndThenWhileTheyAreElsewhere) {
  out_.wait(request(), {}, Handled::kNotYet, kNow);
  EXPECT_TRUE(ear_->heard.empty());
  EXPECT_TRUE(out_.to_ask_again(kNow).empty());
  const auto later = out_.ask_again_at();
  const auto asked = out_.to_ask_again(later);
  ASSERT_EQ(asked.size(), 1U);
  EXPECT_EQ(asked[0].notification_id, "N-1");
  EXPECT_GT(out_.ask_again_at(), later);
  out_.wait(asked[0], {}, Handled::kDone, later);
  EXPECT_EQ(ear_->heard, Heard{Handled::kDone});
}

TEST_F(OutDeliveries, AreAskedForAtOnceAfterACallHere) {
  out_.wait(request(), {}, Handled::kNotYet, kNow);
  ASSERT_TRUE(out_.add(delivery(1), lane_));
  EXPECT_TRUE(out_.to_ask_again(out_.ask_again_at()).empty()) << "the call will tell";
  out_.remove(1, CameBack::kDone);
  EXPECT_EQ(out_.to_ask_again(kNow).size(), 1U);
}

TEST_F(OutDeliveries, TellWhoeverStoodByOfAFailureHere) {
  out_.wait(request(), {}, Handled::kNotYet, kNow);
  ASSERT_TRUE(out_.add(delivery(1), lane_));
  out_.remove(1, CameBack::kFailed);
  EXPECT_EQ(ear_->heard, Heard{Handled::kFailed});
}

TEST_F(OutDeliveries, AreNotAskedForWhereNobodyListensAnyMore) {
  HandledRequest impatient = request();
  impatient.until = kNow + std::chrono::milliseconds(1);
  out_.wait(impatient, {}, Handled::kNotYet, kNow);
  EXPECT_TRUE(out_.to_ask_again(out_.ask_again_at()).empty());
  EXPECT_EQ(out_.ask_again_at(), SteadyClock::time_point::max());
}

TEST_F(OutDeliveries, AreNotCalledAgainWhileACallRuns) {
  ASSERT_TRUE(out_.add(delivery(1, 1), lane_));
  EXPECT_FALSE(out_.add(delivery(1, 2), lane_)) << "its lease ended and was taken anew";
  EXPECT_EQ(out_.lease_of(1).fence, 2) << "the running call reports under the new lease";
}

TEST_F(OutDeliveries, AreFoundByNotificationAndHandler) {
  ASSERT_TRUE(out_.add(delivery(7), lane_));
  EXPECT_EQ(out_.find(key_, "crm"), 7);
  EXPECT_EQ(out_.find(key_, "erp"), 0);
  EXPECT_EQ(out_.find("1900000001/N-2", "crm"), 0);
}

}  // namespace
}  // namespace couponhook::server
