#include "server/admin/arrival_window.hpp"

#include <algorithm>

namespace couponhook::server {

void ArrivalWindow::begin(std::int64_t high, std::span<const std::int64_t> seen,
                          bool may_be_out_of_order, SteadyClock::time_point now) {
  may_be_out_of_order_ = may_be_out_of_order;
  high_ = high;
  missing_.clear();
  noticed_.clear();
  miss(high - kGapMax + 1, high, now);
  for (const std::int64_t number : seen) missing_.erase(number);
}

void ArrivalWindow::take(std::int64_t number, SteadyClock::time_point now) {
  if (number <= high_) {
    missing_.erase(number);
    return;
  }
  miss(std::max(high_ + 1, number - kGapMax), number - 1, now);
  high_ = number;
}

void ArrivalWindow::miss(std::int64_t first, std::int64_t last, SteadyClock::time_point now) {
  if (!may_be_out_of_order_) return;
  for (std::int64_t number = std::max<std::int64_t>(first, 1); number <= last; ++number) {
    missing_.insert(number);
    noticed_.push_back({now, number});
  }
}

void ArrivalWindow::expire(SteadyClock::time_point now) {
  while (!noticed_.empty() &&
         (noticed_.front().at + kWatchMax < now || noticed_.size() > kMissingMax)) {
    missing_.erase(noticed_.front().number);
    noticed_.pop_front();
  }
}

}  // namespace couponhook::server
