#include "server/delivery/in_flight_deliveries.hpp"

#include <algorithm>

namespace couponhook::server {
namespace {

/// Interval of asking the store whether another replica has made a delivery that this replica has
/// not claimed (taken under a lease).
constexpr std::chrono::milliseconds kAskAgain{500};

/// Combines the results of two deliveries into one. A failure is reported at once; a delivery that
/// is not made yet may still succeed.
Handled worse(Handled a, Handled b) {
  if (a == Handled::kFailed || b == Handled::kFailed) return Handled::kFailed;
  return a == Handled::kNotYet ? a : b;
}

Handled result_of(DeliveryEnd how) {
  switch (how) {
    case DeliveryEnd::kDone:
      return Handled::kDone;
    case DeliveryEnd::kFailed:
      return Handled::kFailed;
    case DeliveryEnd::kTakenOver:
      break;
  }
  return Handled::kNotYet;
}

}  // namespace

bool InFlightDeliveries::add(const storage::ClaimedDelivery& delivery,
                             HandlerWorker& handler_worker) {
  const auto [entry, added] = in_flight_.try_emplace(delivery.lease.delivery_id);
  entry->second = {delivery.lease, &handler_worker, key_of(delivery)};
  if (!added) return false;
  handler_worker.took();
  const auto wait = waits_.find(entry->second.key);
  if (wait == waits_.end()) return true;
  const auto& awaited = wait->second.asked.handlers;
  if (std::ranges::find(awaited, delivery.handler) != awaited.end()) {
    wait->second.open.insert(delivery.lease.delivery_id);
    // When this delivery has ended, ask the store at once if the reply to WeChat Pay still waits
    // for other deliveries.
    wait->second.ask_at = {};
  }
  return true;
}

std::vector<storage::Lease> InFlightDeliveries::leases() const {
  std::vector<storage::Lease> leases;
  leases.reserve(in_flight_.size());
  for (const auto& [id, entry] : in_flight_) leases.push_back(entry.lease);
  return leases;
}

void InFlightDeliveries::remove(std::int64_t delivery_id, DeliveryEnd how) {
  const auto entry = in_flight_.find(delivery_id);
  if (entry == in_flight_.end()) return;
  entry->second.handler_worker->over();
  const auto wait = waits_.find(entry->second.key);
  in_flight_.erase(entry);
  if (wait == waits_.end() || wait->second.open.erase(delivery_id) == 0) return;
  wait->second.result = worse(wait->second.result, result_of(how));
  if (wait->second.open.empty()) over(wait);
}

/// Ends the wait of a reply to WeChat Pay if the result of the handlers is known. Called when no
/// delivery of the notification is in flight any more.
void InFlightDeliveries::over(Waits::iterator wait) {
  if (wait->second.result == Handled::kNotYet) {
    ask_again_at_ = std::min(ask_again_at_, wait->second.ask_at);
    return;
  }
  const Wait finished = std::move(wait->second);
  waits_.erase(wait);
  for (const Listening& one : finished.listening) one.listener->handled(finished.result);
}

bool InFlightDeliveries::join(const HandledRequest& request) {
  const auto wait = waits_.find(key_of(request));
  if (wait == waits_.end() || wait->second.open.empty()) return false;
  wait->second.listening.push_back({request.listener, request.until});
  return true;
}

void InFlightDeliveries::wait(const HandledRequest& request,
                              const std::vector<std::int64_t>& delivery_ids, Handled so_far,
                              SteadyClock::time_point now) {
  const auto wait = waits_.try_emplace(key_of(request)).first;
  Wait& on = wait->second;
  on.asked = {request.mchid, request.notification_id, request.handlers, {}, nullptr};
  on.open.insert(delivery_ids.begin(), delivery_ids.end());
  on.result = so_far;
  on.ask_at = on.open.empty() ? now + kAskAgain : SteadyClock::time_point{};
  if (request.listener) on.listening.push_back({request.listener, request.until});
  if (on.open.empty()) over(wait);
}

std::vector<HandledRequest> InFlightDeliveries::to_ask_again(SteadyClock::time_point now) {
  std::vector<HandledRequest> requests;
  if (now < ask_again_at_) return requests;
  ask_again_at_ = SteadyClock::time_point::max();
  for (auto next = waits_.begin(); next != waits_.end();) {
    const auto wait = next++;
    Wait& on = wait->second;
    if (!on.open.empty()) continue;
    std::erase_if(on.listening, [&](const Listening& one) { return one.until <= now; });
    if (on.listening.empty()) {
      waits_.erase(wait);
      continue;
    }
    if (on.ask_at <= now) {
      requests.push_back(on.asked);
      on.ask_at = now + kAskAgain;
    }
    ask_again_at_ = std::min(ask_again_at_, on.ask_at);
  }
  return requests;
}

std::int64_t InFlightDeliveries::find(const Key& key, std::string_view handler) const {
  for (const auto& [id, entry] : in_flight_) {
    if (entry.key == key && entry.handler_worker->handler() == handler) return id;
  }
  return 0;
}

}  // namespace couponhook::server
