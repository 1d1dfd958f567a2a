#pragma once

/// \file
/// Slows down and counts requests with a wrong token.

#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <string_view>

#include "base/ip_address.hpp"
#include "server/net/task.hpp"

namespace couponhook::server {

/// Decides how long the reply to a request with a wrong token waits. The delay doubles with each
/// failure of a client address, from kFirstDelay to kLongestDelay, and begins again after kMemory
/// without a failure. IPv6 clients of one /64 network count as one address. The caller passes the
/// time. Not thread-safe.
class FailedLogins {
 public:
  static constexpr std::chrono::milliseconds kFirstDelay{125};
  static constexpr std::chrono::milliseconds kLongestDelay{2000};
  static constexpr std::chrono::minutes kMemory{10};
  /// Number of client addresses that are remembered. The one whose failure is longest ago makes
  /// room for a new one.
  static constexpr std::size_t kAddressesMax = 256;
  /// Number of replies that are delayed at a time. They hold connections, so this is well below the
  /// default of admin.max_connections. Further requests are refused at once.
  static constexpr std::size_t kDelayedMax = 32;

  /// Counts a failure, and takes one of the kDelayedMax places. Call end() when the reply is made.
  /// \return the delay; nothing if no place is free: then refuse at once, and do not call end().
  [[nodiscard]] std::optional<std::chrono::milliseconds> begin(std::string_view peer,
                                                               SteadyClock::time_point now);
  void end() { --delayed_; }

  /// Returns the number of failures since the process started.
  [[nodiscard]] std::uint64_t total() const { return total_; }

 private:
  struct Client {
    unsigned failures = 0;
    SteadyClock::time_point last{};
  };

  Client& client_of(const base::IpAddress& address, SteadyClock::time_point now);

  std::map<base::IpAddress, Client> clients_;
  std::size_t delayed_ = 0;
  std::uint64_t total_ = 0;
};

}  // namespace couponhook::server
