#pragma once

/// \file
/// Test fixture: a delivery worker with a real database, a target with prepared answers, and a
/// clock that advances only when the worker has nothing left to do at the current time.

#include <algorithm>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "server/delivery/worker.hpp"
#include "storage/admit_batch.hpp"
#include "storage/reader.hpp"
#include "storage/store.hpp"
#include "support/faulty_connection.hpp"
#include "support/temporary_folder.hpp"

namespace couponhook::server {

/// Simulated system that a handler calls, with prepared answers.
struct FakeTarget {
  struct Reply {
    handlers::Outcome outcome = handlers::Done{};
    bool answers = true;
  };
  std::function<Reply(const storage::ClaimedDelivery&)> reply =
      [](const storage::ClaimedDelivery&) { return Reply{}; };
  bool holds = false;  ///< true if calls of the target wait for let_go()
  /// Number of calls of the target that have begun, by notification id; these calls may have ended
  /// or not.
  std::map<std::string, int> sent;
  std::map<std::string, int> calls;
  std::vector<std::string> order;  ///< notification ids of the calls, in the order of the calls

  static Reply down() { return {handlers::Retry{"nobody is there", {}}, false}; }
  static Reply busy() { return {handlers::Retry{"not now", {}}, true}; }
};

/// Sender that calls the simulated target at once, on the delivery worker's thread.
class FakeSender final : public Sender {
 public:
  FakeSender(FakeTarget& target, CallListener& listener) : target_(target), listener_(listener) {}

  void send(storage::ClaimedDelivery&& delivery, Priority) override {
    ++target_.sent[delivery.notification_id];
    waiting_.push_back(std::move(delivery));
    if (!target_.holds) let_go(1);
  }
  [[nodiscard]] std::vector<storage::ClaimedDelivery> take_back() override {
    return std::exchange(waiting_, {});
  }
  [[nodiscard]] bool take_back(std::int64_t delivery_id) override {
    return std::erase_if(waiting_, [&](const storage::ClaimedDelivery& delivery) {
             return delivery.lease.delivery_id == delivery_id;
           }) > 0;
  }
  void let_go(std::size_t count) {
    while (count-- > 0 && !waiting_.empty()) {
      storage::ClaimedDelivery delivery = std::move(waiting_.front());
      waiting_.erase(waiting_.begin());
      ++target_.calls[delivery.notification_id];
      target_.order.push_back(delivery.notification_id);
      FakeTarget::Reply said = target_.reply(delivery);
      has_called_ = true;
      listener_.called({std::move(delivery), std::move(said.outcome), said.answers, 0, 0});
    }
  }
  [[nodiscard]] std::size_t waiting() const { return waiting_.size(); }
  [[nodiscard]] bool has_called() { return std::exchange(has_called_, false); }

 private:
  FakeTarget& target_;
  CallListener& listener_;
  std::vector<storage::ClaimedDelivery> waiting_;
  bool has_called_ = false;
};

class WorkerTest : public ::testing::Test {
 protected:
  using milliseconds = std::chrono::milliseconds;

  WorkerTest() { make_worker({}); }

  void make_worker(RetryLimits retries, WorkerClocks clocks = {}) {
    if (!clocks.wall) {
      clocks.wall = [this] { return std::chrono::system_clock::time_point(wall_begin_ + passed_); };
      clocks.monotonic = [this] { return begun_ + passed_; };
    }
    HandlerWorkerSetup handler_worker{
        {.handler = "crm", .retries = retries, .breaker = {}}, [this](auto& listener) {
          auto sender = std::make_unique<FakeSender>(target_, listener);
          sender_ = sender.get();
          return sender;
        }};
    std::vector<HandlerWorkerSetup> handler_workers;
    handler_workers.push_back(std::move(handler_worker));
    worker_ = std::make_unique<DeliveryWorker>(
        std::make_unique<storage::Deliveries>(
            std::make_unique<support::FaultyConnection>(*store_->writer(), faults_),
            storage::LeaseTerms{.owner = "here:1"}),
        std::move(handler_workers), WorkerOptions{}, std::move(clocks), 1, log_);
  }

  [[nodiscard]] std::int64_t now_ms() const {
    return std::chrono::duration_cast<milliseconds>(wall_begin_ + passed_).count();
  }

  /// Stores one notification with one delivery, as the receiver of notifications does.
  /// \return the deliveries that are stored with a lease (only if `leased`).
  std::vector<storage::LeasedDelivery> keep(const std::string& id, const std::string& coupon,
                                            bool leased = false) {
    storage::Admission admission;
    admission.mchid = "1900000001";
    admission.id = id;
    admission.event_type = "COUPON.USE";
    admission.source = "notification";
    admission.envelope = "{}";
    admission.resource = "{}";
    admission.received_at_ms = now_ms();
    admission.deliveries = {{.handler = "crm", .ordering_key = coupon, .leased = leased}};
    storage::Work work{.content = std::move(admission), .listener = nullptr};
    EXPECT_TRUE(admit_.write({&work, 1}, now_ms()));
    EXPECT_EQ(work.outcome, storage::AdmitOutcome::kStored);
    worker_->wake();
    return std::move(work.leased);
  }

  /// Advances the clock by `time`; the delivery worker does all work that becomes due meanwhile.
  void pass(milliseconds time) {
    const auto until = passed_ + time;
    while (true) {
      const auto next = worker_->work_once() - begun_;
      if (sender_->has_called()) continue;
      if (passed_ >= until) return;
      const auto step = std::chrono::ceil<milliseconds>(next);
      passed_ = std::clamp(step, passed_ + milliseconds(1), until);
    }
  }

  [[nodiscard]] storage::StoreCounts counts() { return *reader_.counts(); }
  [[nodiscard]] storage::DeliveryRecord delivery(std::string_view id) {
    const auto found = reader_.notification(id);
    EXPECT_TRUE(found && *found) << id;
    return (*found)->deliveries.at(0);
  }

  support::TemporaryFolder folder_;
  std::unique_ptr<storage::Store> store_ =
      *storage::Store::open({"sqlite", folder_.path() / "store.db"}, {}, 0);
  storage::Reader reader_{*store_->reader()};
  std::unique_ptr<storage::Connection> admit_connection_ = *store_->writer();
  storage::BatchWriter admit_{*admit_connection_};
  std::shared_ptr<support::Faults> faults_ = std::make_shared<support::Faults>();
  Log log_{LogConfig{"json", "error"}};
  std::chrono::milliseconds wall_begin_{1'763'700'000'000};
  std::chrono::steady_clock::time_point begun_{std::chrono::hours(1)};
  milliseconds passed_{0};
  FakeTarget target_;
  FakeSender* sender_ = nullptr;
  std::unique_ptr<DeliveryWorker> worker_;
};

}  // namespace couponhook::server
