#include "server/net/deadlines.hpp"

#include <boost/asio/this_coro.hpp>

namespace couponhook::server {

Deadlines::Entry::Entry(Deadlines& list) : list_(&list), next_(list.first_) {
  if (next_ != nullptr) next_->previous_ = this;
  list.first_ = this;
}

Deadlines::Entry::~Entry() {
  if (next_ != nullptr) next_->previous_ = previous_;
  if (previous_ != nullptr) {
    previous_->next_ = next_;
  } else {
    list_->first_ = next_;
  }
}

void Deadlines::sweep(SteadyClock::time_point now) {
  for (Entry* entry = first_; entry != nullptr;) {
    Entry* const next = entry->next_;
    if (ended_ || entry->at_ <= now) {
      entry->never();
      entry->expired();
    }
    entry = next;
  }
}

Task<void> sweep_forever(Deadlines& deadlines) {
  Timer timer(co_await asio::this_coro::executor);
  while (true) {
    timer.expires_after(Deadlines::kSweepInterval);
    const auto [ec] = co_await timer.async_wait(use_task);
    if (ec) co_return;
    deadlines.sweep(SteadyClock::now());
  }
}

}  // namespace couponhook::server
