#pragma once

/// \file
/// Makes and signs the requests of a benchmark before the measurement, because signing a
/// notification costs more CPU time than receiving it.

#include <cstddef>
#include <string>
#include <vector>

#include "sandbox/local/notification_maker.hpp"
#include "server/config/config.hpp"

namespace couponhook::bench {

struct Wanted {
  std::size_t requests = 20000;
  /// Share of requests, 0 to 1, that are copies of an earlier notification, signed again.
  double duplicate_share = 0;
  server::Bad bad = server::Bad::kNone;
};

/// Complete HTTP requests as bytes. If there are fewer byte strings than `count`, they are sent
/// again from the first one: this is enough for forged requests, of which couponhook stores
/// nothing.
struct Requests {
  std::vector<std::string> wire;
  std::size_t count = 0;

  [[nodiscard]] const std::string& operator[](std::size_t number) const {
    return wire[number % wire.size()];
  }
};

/// Makes notifications of redemptions, each of another coupon in another payment, and signs them on
/// all CPU cores. Each body has 1.5 KB and contains an encrypted part of 0.9 KB in Base64.
[[nodiscard]] Requests make_requests(const Wanted& wanted, const server::MerchantConfig& merchant,
                                     const server::NotificationMaker& maker);

}  // namespace couponhook::bench
