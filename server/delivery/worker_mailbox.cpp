#include "server/delivery/worker_mailbox.hpp"

#include <utility>

namespace couponhook::server {

void WorkerMailbox::put(Called&& call) noexcept {
  {
    const std::lock_guard lock(mutex_);
    inbox_.calls.push_back(std::move(call));
  }
  changed_.notify_one();
}

void WorkerMailbox::put(HandledRequest&& request) {
  {
    const std::lock_guard lock(mutex_);
    inbox_.requests.push_back(std::move(request));
  }
  changed_.notify_one();
}

void WorkerMailbox::put_new_deliveries() noexcept {
  if (new_deliveries_put_.exchange(true)) return;
  {
    const std::lock_guard lock(mutex_);
    inbox_.new_deliveries = true;
  }
  changed_.notify_one();
}

void WorkerMailbox::put_stop(SteadyClock::time_point stop_by) {
  {
    const std::lock_guard lock(mutex_);
    inbox_.stop_by = stop_by;
  }
  changed_.notify_one();
}

void WorkerMailbox::wait_until(SteadyClock::time_point until) {
  std::unique_lock lock(mutex_);
  changed_.wait_until(lock, until, [this] { return !inbox_.empty(); });
}

WorkerMail WorkerMailbox::take() {
  const std::lock_guard lock(mutex_);
  new_deliveries_put_ = false;
  return std::exchange(inbox_, WorkerMail{});
}

}  // namespace couponhook::server
