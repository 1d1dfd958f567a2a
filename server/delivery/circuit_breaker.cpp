#include "server/delivery/circuit_breaker.hpp"

#include <algorithm>

namespace couponhook::server {

CircuitBreaker::State CircuitBreaker::state(SteadyClock::time_point now) const {
  if (!open_) return State::kClosed;
  return now < open_until_ ? State::kOpen : State::kHalfOpen;
}

int CircuitBreaker::allowed(int wanted, SteadyClock::time_point now) const {
  switch (state(now)) {
    case State::kClosed:
      return wanted;
    case State::kHalfOpen:
      return probing_ ? 0 : std::min(wanted, 1);
    case State::kOpen:
      break;
  }
  return 0;
}

bool CircuitBreaker::began(SteadyClock::time_point now) {
  if (probing_ || state(now) != State::kHalfOpen) return false;
  probing_ = true;
  return true;
}

void CircuitBreaker::succeeded() {
  open_ = false;
  probing_ = false;
  failures_ = 0;
  open_for_ = limits_.open_initial;
}

void CircuitBreaker::failed(SteadyClock::time_point now) {
  ++failures_;
  // The failed call began before the circuit breaker opened, so the failure shows nothing new.
  if (open_ && !probing_) return;
  if (!open_ && failures_ < limits_.failures_to_open) return;
  if (open_) open_for_ = std::min(open_for_ * 2, limits_.open_longest);
  open_ = true;
  probing_ = false;
  open_until_ = now + open_for_;
}

void CircuitBreaker::abandoned() {
  probing_ = false;
}

}  // namespace couponhook::server
