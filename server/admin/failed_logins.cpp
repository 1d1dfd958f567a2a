#include "server/admin/failed_logins.hpp"

#include <algorithm>

namespace couponhook::server {
namespace {

/// Number of failures after which the delay no longer grows.
constexpr unsigned kFailuresMax = 8;
static_assert(FailedLogins::kFirstDelay * (1 << (kFailuresMax - 1)) >= FailedLogins::kLongestDelay);

constexpr unsigned kNetworkBits = 64;

base::IpAddress counted_address(std::string_view peer) {
  const auto address = base::IpAddress::parse(peer).value_or(base::IpAddress());
  return address.is_v4() ? address : address.prefix(kNetworkBits);
}

}  // namespace

FailedLogins::Client& FailedLogins::client_of(const base::IpAddress& address,
                                              SteadyClock::time_point now) {
  const auto known = clients_.find(address);
  if (known != clients_.end()) {
    if (now - known->second.last > kMemory) known->second.failures = 0;
    return known->second;
  }
  if (clients_.size() >= kAddressesMax) {
    clients_.erase(
        std::ranges::min_element(clients_, {}, [](const auto& each) { return each.second.last; }));
  }
  return clients_[address];
}

std::optional<std::chrono::milliseconds> FailedLogins::begin(std::string_view peer,
                                                             SteadyClock::time_point now) {
  ++total_;
  Client& client = client_of(counted_address(peer), now);
  client.last = now;
  client.failures = std::min(client.failures + 1, kFailuresMax);
  if (delayed_ >= kDelayedMax) return std::nullopt;
  ++delayed_;
  const std::chrono::milliseconds delay = kFirstDelay * (1 << (client.failures - 1));
  return std::min(delay, kLongestDelay);
}

}  // namespace couponhook::server
