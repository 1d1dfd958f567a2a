// Checks that a handler that never returns cannot block the shutdown of the service. A test blocks
// the handler and destroys the sender (ThreadSender) meanwhile.

#include "server/delivery/thread_sender.hpp"

#include <atomic>
#include <future>
#include <thread>

#include <gtest/gtest.h>

namespace couponhook::server {
namespace {

struct Held final : handlers::Handler {
  handlers::Outcome handle(const handlers::HandledEvent&) override {
    called.set_value();
    let_go.get_future().wait();
    return handlers::Done{};
  }
  ~Held() override { gone->set_value(); }

  std::promise<void> called;
  std::promise<void> let_go;
  std::shared_ptr<std::promise<void>> gone = std::make_shared<std::promise<void>>();
};

struct Ear final : CallListener {
  void called(Called&&) noexcept override { told = true; }
  std::atomic<bool> told = false;
};

TEST(ThreadSender, EndsAlthoughACallHangsAndTellsNobodyOfItsEnd) {
  Ear ear;
  auto handler = std::make_shared<Held>();
  Held& held = *handler;
  auto gone = held.gone->get_future();
  {
    ThreadSender sender("hangs", std::move(handler), 2, std::chrono::system_clock::now, ear,
                        std::chrono::milliseconds(20));
    sender.send({}, Urgency::kOrdinary);
    held.called.get_future().wait();
  }
  held.let_go.set_value();
  ASSERT_EQ(gone.wait_for(std::chrono::seconds(30)), std::future_status::ready)
      << "the handler goes with the last of its calls";
  EXPECT_FALSE(ear.told);
}

TEST(ThreadSender, WaitsForACallThatEndsInTime) {
  Ear ear;
  auto handler = std::make_shared<Held>();
  Held& held = *handler;
  std::thread releases;
  {
    ThreadSender sender("ends", std::move(handler), 1, std::chrono::system_clock::now, ear,
                        std::chrono::seconds(30));
    sender.send({}, Urgency::kOrdinary);
    held.called.get_future().wait();
    releases = std::thread([&held] { held.let_go.set_value(); });
  }
  EXPECT_TRUE(ear.told);
  releases.join();
}

}  // namespace
}  // namespace couponhook::server
