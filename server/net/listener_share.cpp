#include "server/net/listener_share.hpp"

namespace couponhook::server {
namespace {

/// Takes one of `most` places.
bool take_place(std::atomic<std::size_t>& taken, std::size_t most) {
  if (taken.fetch_add(1) < most) return true;
  --taken;
  return false;
}

IpAddress range_of(const IpAddress& client) {
  constexpr unsigned kNetworkBits = 64;
  return client.is_v4() ? client : client.prefix(kNetworkBits);
}

}  // namespace

bool ListenerShare::reserve_body(std::size_t bytes) {
  if (body_bytes_.fetch_add(bytes) + bytes <= limits.max_body_bytes_in_flight) return true;
  body_bytes_ -= bytes;
  return false;
}

Admission ListenerShare::enter() {
  return take_place(connections_, limits.max_connections) ? Admission::kServed : enter_as_refusal();
}

Admission ListenerShare::enter_as_refusal() {
  return take_place(refusals_, limits.max_refusals) ? Admission::kRefused : Admission::kDropped;
}

void ListenerShare::leave(Admission admission) {
  if (admission == Admission::kServed) --connections_;
  if (admission == Admission::kRefused) --refusals_;
}

bool ListenerShare::enter_address(const IpAddress& range) {
  const std::lock_guard lock(mutex_);
  std::size_t& count = by_address_[range];
  if (count >= limits.max_connections_per_address) return false;
  ++count;
  return true;
}

void ListenerShare::leave_address(const IpAddress& range) {
  const std::lock_guard lock(mutex_);
  const auto found = by_address_.find(range);
  if (--found->second == 0) by_address_.erase(found);
}

Presence::~Presence() {
  if (range_) share_.leave_address(*range_);
  share_.leave(admission_);
}

bool Presence::count_for(const IpAddress& client) {
  const IpAddress range = range_of(client);
  if (range_ == range || admission_ != Admission::kServed) return true;
  if (range_) share_.leave_address(*range_);
  range_.reset();
  if (share_.enter_address(range)) {
    range_ = range;
    return true;
  }
  share_.leave(admission_);
  admission_ = share_.enter_as_refusal();
  return false;
}

}  // namespace couponhook::server
