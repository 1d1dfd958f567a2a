#pragma once

/// \file
/// Signs requests before they are sent, because signing costs more than all the work that is
/// measured.

#include <cstddef>
#include <string>
#include <vector>

#include "sandbox/local/notification_maker.hpp"
#include "server/config/config.hpp"

namespace couponhook::bench {

struct Wanted {
  std::size_t requests = 20000;
  double duplicate_share = 0;  ///< share of requests that are copies, signed again
  server::Bad bad = server::Bad::kNone;
};

/// Requests as bytes for the wire. The service stores nothing of a refused request, so a few
/// hundred forged requests are enough; they are sent again and again.
struct Requests {
  std::vector<std::string> wire;
  std::size_t count = 0;

  [[nodiscard]] const std::string& operator[](std::size_t number) const {
    return wire[number % wire.size()];
  }
};

/// Makes redemptions of different coupons in different transactions, and signs them on all cores.
/// Bodies have 1.5 KB, ciphertexts 0.9 KB.
[[nodiscard]] Requests make_requests(const Wanted& wanted, const server::MerchantConfig& merchant,
                                     const server::NotificationMaker& maker);

}  // namespace couponhook::bench
