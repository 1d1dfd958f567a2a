#include "server/delivery/thread_sender.hpp"

#include <exception>

#include <pthread.h>

namespace couponhook::server {

ThreadSender::ThreadSender(std::string name, std::shared_ptr<handlers::Handler> handler,
                           int concurrency, base::WallClock clock, CallListener& listener,
                           std::chrono::milliseconds shutdown_timeout)
    : shared_(std::make_shared<Shared>()), shutdown_timeout_(shutdown_timeout) {
  shared_->name = std::move(name);
  shared_->handler = std::move(handler);
  shared_->clock = std::move(clock);
  shared_->listener = &listener;
  shared_->running = concurrency;
  for (int i = 0; i < concurrency; ++i) {
    threads_.emplace_back([shared = shared_] { shared->call_until_closed(); });
  }
}

ThreadSender::~ThreadSender() {
  shared_->queue.close();
  std::unique_lock lock(shared_->mutex);
  const bool ended =
      shared_->changed.wait_for(lock, shutdown_timeout_, [this] { return shared_->running == 0; });
  shared_->listener = nullptr;
  lock.unlock();
  for (std::thread& thread : threads_) ended ? thread.join() : thread.detach();
}

void ThreadSender::Shared::report(Called&& call) {
  const std::lock_guard lock(mutex);
  if (listener != nullptr) listener->called(std::move(call));
}

handlers::Outcome ThreadSender::Shared::call(const storage::ClaimedDelivery& delivery) noexcept {
  try {
    const auto event = handlers::read_event(delivery.event_type, delivery.resource, {});
    return handler->handle(as_event(delivery, event));
  } catch (const std::exception& error) {
    return handlers::Retry{std::string("the handler threw an exception: ") + error.what(), {}};
  } catch (...) {
    return handlers::Retry{"the handler threw something that is not an exception", {}};
  }
}

void ThreadSender::Shared::call_until_closed() {
  // The kernel keeps only 15 characters of a thread's name.
  pthread_setname_np(pthread_self(), name.substr(0, 15).c_str());
  while (auto delivery = queue.pop()) {
    const std::int64_t began_at_ms = base::to_unix_ms(clock());
    const auto began = std::chrono::steady_clock::now();
    handlers::Outcome outcome = call(*delivery);
    const auto took = std::chrono::steady_clock::now() - began;
    // This sender does not know the target that the handler calls. So the outcome Retry counts as a
    // failure of the target, and any other outcome shows that the target is up.
    const bool answers = !std::holds_alternative<handlers::Retry>(outcome);
    report({std::move(*delivery), std::move(outcome), answers, began_at_ms,
            std::chrono::duration_cast<std::chrono::microseconds>(took).count()});
  }
  const std::lock_guard lock(mutex);
  --running;
  changed.notify_all();
}

}  // namespace couponhook::server
