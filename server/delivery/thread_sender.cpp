#include "server/delivery/thread_sender.hpp"

#include <chrono>
#include <exception>

#include <pthread.h>

namespace couponhook::server {

ThreadSender::ThreadSender(std::string name, std::shared_ptr<handlers::Handler> handler,
                           int concurrency, WallClock clock, CallListener& listener)
    : name_(std::move(name)),
      handler_(std::move(handler)),
      clock_(std::move(clock)),
      listener_(listener) {
  for (int i = 0; i < concurrency; ++i) threads_.emplace_back([this] { call_until_closed(); });
}

ThreadSender::~ThreadSender() {
  queue_.close();
  for (std::thread& thread : threads_) thread.join();
}

handlers::Outcome ThreadSender::call(const storage::ClaimedDelivery& delivery) noexcept {
  try {
    const auto event = handlers::read_event(delivery.event_type, delivery.resource, {});
    return handler_->handle(as_event(delivery, event));
  } catch (const std::exception& error) {
    return handlers::Retry{std::string("the handler threw an exception: ") + error.what(), {}};
  } catch (...) {
    return handlers::Retry{"the handler threw something that is no exception", {}};
  }
}

void ThreadSender::call_until_closed() {
  // The kernel keeps 15 characters of a thread's name.
  pthread_setname_np(pthread_self(), name_.substr(0, 15).c_str());
  while (auto delivery = queue_.pop()) {
    const std::int64_t began_at_ms = to_unix_ms(clock_());
    const auto began = std::chrono::steady_clock::now();
    handlers::Outcome outcome = call(*delivery);
    const auto took = std::chrono::steady_clock::now() - began;
    // A handler that runs here has no target that we know of but itself.
    const bool answers = !std::holds_alternative<handlers::Retry>(outcome);
    listener_.called({std::move(*delivery), std::move(outcome), answers, began_at_ms,
                      std::chrono::duration_cast<std::chrono::microseconds>(took).count()});
  }
}

}  // namespace couponhook::server
