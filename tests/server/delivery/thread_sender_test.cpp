// Checks that a handler that never returns cannot block the shutdown of the service. A test blocks
// the handler and destroys the sender (ThreadSender) meanwhile.

#include "server/delivery/thread_sender.hpp"

#include <atomic>
#include <future>
#include <thread>

#include <gtest/gtest.h>

namespace couponhook::server {
namespace {

struct BlockedHandler final : handlers::Handler {
  handlers::Outcome handle(const handlers::HandledEvent&) override {
    called.set_value();
    release.get_future().wait();
    return handlers::Done{};
  }
  ~BlockedHandler() override { gone->set_value(); }

  std::promise<void> called;
  std::promise<void> release;
  std::shared_ptr<std::promise<void>> gone = std::make_shared<std::promise<void>>();
};

struct RecordingListener final : CallListener {
  void called(Called&&) noexcept override { was_called = true; }
  std::atomic<bool> was_called = false;
};

TEST(ThreadSender, EndsDespiteAHangingCallAndDoesNotReportIt) {
  RecordingListener listener;
  auto handler = std::make_shared<BlockedHandler>();
  BlockedHandler& blocked = *handler;
  auto gone = blocked.gone->get_future();
  {
    ThreadSender sender("hangs", std::move(handler), 2, std::chrono::system_clock::now, listener,
                        std::chrono::milliseconds(20));
    sender.send({}, Priority::kNormal);
    blocked.called.get_future().wait();
  }
  blocked.release.set_value();
  ASSERT_EQ(gone.wait_for(std::chrono::seconds(30)), std::future_status::ready)
      << "the handler goes with the last of its calls";
  EXPECT_FALSE(listener.was_called);
}

TEST(ThreadSender, WaitsForACallThatEndsInTime) {
  RecordingListener listener;
  auto handler = std::make_shared<BlockedHandler>();
  BlockedHandler& blocked = *handler;
  std::thread releases;
  {
    ThreadSender sender("ends", std::move(handler), 1, std::chrono::system_clock::now, listener,
                        std::chrono::seconds(30));
    sender.send({}, Priority::kNormal);
    blocked.called.get_future().wait();
    releases = std::thread([&blocked] { blocked.release.set_value(); });
  }
  EXPECT_TRUE(listener.was_called);
  releases.join();
}

}  // namespace
}  // namespace couponhook::server
