// Tests of the deliveries in flight: each reply to WeChat Pay that waits for deliveries gets the
// true result exactly once, and no delivery is made twice at the same time. The listeners of the
// tests record the results that they get.

#include "server/delivery/in_flight_deliveries.hpp"

#include <gtest/gtest.h>

namespace couponhook::server {
namespace {

class UnusedSender final : public Sender {
 public:
  void send(storage::ClaimedDelivery&&, Priority) override {}
  std::vector<storage::ClaimedDelivery> take_back() override { return {}; }
  bool take_back(std::int64_t) override { return false; }
};

struct RecordingListener final : HandledListener {
  void handled(Handled result) noexcept override { results.push_back(result); }
  std::vector<Handled> results;
};
using Results = std::vector<Handled>;

const SteadyClock::time_point kNow{std::chrono::hours(1)};

class InFlightDeliveriesTest : public ::testing::Test {
 protected:
  storage::ClaimedDelivery delivery(std::int64_t id, std::int64_t fence = 1) {
    storage::ClaimedDelivery one;
    one.lease = {id, fence};
    one.handler = "crm";
    one.mchid = "1900000001";
    one.notification_id = "N-1";
    return one;
  }

  HandlerWorker handler_worker_{{.handler = "crm", .retries = {}, .breaker = {}},
                                std::make_unique<UnusedSender>()};
  InFlightDeliveries in_flight_;
  HandledRequest request(std::shared_ptr<RecordingListener> listener) {
    return {"1900000001", "N-1", {"crm"}, {}, std::move(listener)};
  }
  HandledRequest request() { return request(listener_); }

  std::shared_ptr<RecordingListener> listener_ = std::make_shared<RecordingListener>();
  const InFlightDeliveries::Key key_ = "1900000001/N-1";
};

TEST_F(InFlightDeliveriesTest, NotifyListenersWhenAllHaveEnded) {
  ASSERT_TRUE(in_flight_.add(delivery(1), handler_worker_));
  ASSERT_TRUE(in_flight_.add(delivery(2), handler_worker_));
  in_flight_.wait(request(), {1, 2}, Handled::kDone, kNow);
  in_flight_.remove(1, DeliveryEnd::kDone);
  EXPECT_TRUE(listener_->results.empty());
  in_flight_.remove(2, DeliveryEnd::kDone);
  EXPECT_EQ(listener_->results, Results{Handled::kDone});
}

TEST_F(InFlightDeliveriesTest, ReportAFailureDespiteOtherSuccesses) {
  ASSERT_TRUE(in_flight_.add(delivery(1), handler_worker_));
  ASSERT_TRUE(in_flight_.add(delivery(2), handler_worker_));
  in_flight_.wait(request(), {1, 2}, Handled::kDone, kNow);
  in_flight_.remove(1, DeliveryEnd::kFailed);
  in_flight_.remove(2, DeliveryEnd::kTakenOver);
  EXPECT_EQ(listener_->results, Results{Handled::kFailed});
}

TEST_F(InFlightDeliveriesTest, LetLaterCopiesJoinTheSameWait) {
  ASSERT_TRUE(in_flight_.add(delivery(1), handler_worker_));
  const auto other = std::make_shared<RecordingListener>();
  EXPECT_FALSE(in_flight_.join(request(other))) << "nobody waits yet";
  in_flight_.wait(request(), {1}, Handled::kDone, kNow);
  EXPECT_TRUE(in_flight_.join(request(other)));
  in_flight_.remove(1, DeliveryEnd::kDone);
  EXPECT_EQ(listener_->results, Results{Handled::kDone});
  EXPECT_EQ(other->results, Results{Handled::kDone});
}

TEST_F(InFlightDeliveriesTest, AnswerAtOnceWhereThereIsNothingToWaitFor) {
  in_flight_.wait(request(), {}, Handled::kFailed, kNow);
  EXPECT_EQ(listener_->results, Results{Handled::kFailed});
}

TEST_F(InFlightDeliveriesTest, ArePolledWhileAnotherReplicaHasThem) {
  in_flight_.wait(request(), {}, Handled::kNotYet, kNow);
  EXPECT_TRUE(listener_->results.empty());
  EXPECT_TRUE(in_flight_.to_ask_again(kNow).empty());
  const auto later = in_flight_.ask_again_at();
  const auto asked = in_flight_.to_ask_again(later);
  ASSERT_EQ(asked.size(), 1U);
  EXPECT_EQ(asked[0].notification_id, "N-1");
  EXPECT_GT(in_flight_.ask_again_at(), later);
  in_flight_.wait(asked[0], {}, Handled::kDone, later);
  EXPECT_EQ(listener_->results, Results{Handled::kDone});
}

TEST_F(InFlightDeliveriesTest, ArePolledAtOnceAfterALocalCall) {
  in_flight_.wait(request(), {}, Handled::kNotYet, kNow);
  ASSERT_TRUE(in_flight_.add(delivery(1), handler_worker_));
  EXPECT_TRUE(in_flight_.to_ask_again(in_flight_.ask_again_at()).empty()) << "the call will tell";
  in_flight_.remove(1, DeliveryEnd::kDone);
  EXPECT_EQ(in_flight_.to_ask_again(kNow).size(), 1U);
}

TEST_F(InFlightDeliveriesTest, NotifyStandbyListenersOfALocalFailure) {
  in_flight_.wait(request(), {}, Handled::kNotYet, kNow);
  ASSERT_TRUE(in_flight_.add(delivery(1), handler_worker_));
  in_flight_.remove(1, DeliveryEnd::kFailed);
  EXPECT_EQ(listener_->results, Results{Handled::kFailed});
}

TEST_F(InFlightDeliveriesTest, AreNotPolledWithoutListeners) {
  HandledRequest short_wait = request();
  short_wait.until = kNow + std::chrono::milliseconds(1);
  in_flight_.wait(short_wait, {}, Handled::kNotYet, kNow);
  EXPECT_TRUE(in_flight_.to_ask_again(in_flight_.ask_again_at()).empty());
  EXPECT_EQ(in_flight_.ask_again_at(), SteadyClock::time_point::max());
}

TEST_F(InFlightDeliveriesTest, AreNotCalledAgainWhileACallRuns) {
  ASSERT_TRUE(in_flight_.add(delivery(1, 1), handler_worker_));
  EXPECT_FALSE(in_flight_.add(delivery(1, 2), handler_worker_))
      << "its lease ended and was taken anew";
  EXPECT_EQ(in_flight_.lease_of(1).fence, 2) << "the running call reports under the new lease";
}

TEST_F(InFlightDeliveriesTest, AreFoundByNotificationAndHandler) {
  ASSERT_TRUE(in_flight_.add(delivery(7), handler_worker_));
  EXPECT_EQ(in_flight_.find(key_, "crm"), 7);
  EXPECT_EQ(in_flight_.find(key_, "erp"), 0);
  EXPECT_EQ(in_flight_.find("1900000001/N-2", "crm"), 0);
}

}  // namespace
}  // namespace couponhook::server
