#pragma once

/// \file
/// Requests made before they are sent: signing costs more than everything that is to be measured.

#include <cstddef>
#include <string>
#include <vector>

#include "server/config/config.hpp"
#include "sandbox/local/notification_maker.hpp"

namespace couponhook::bench {

struct Wanted {
  std::size_t requests = 20000;
  double duplicate_share = 0;  ///< of the requests: these are copies of an earlier one, signed anew
  server::Bad bad = server::Bad::kNone;
};

/// Requests as they go over the wire. A refused request leaves nothing behind that a second one
/// could meet, so a few hundred of these are enough to be sent in turn.
struct Requests {
  std::vector<std::string> wire;
  std::size_t count = 0;

  [[nodiscard]] const std::string& operator[](std::size_t number) const {
    return wire[number % wire.size()];
  }
};

/// Redemptions of distinct coupons in distinct transactions, signed on all cores: bodies of 1.5 KB,
/// ciphertexts of 0.9 KB.
[[nodiscard]] Requests make_requests(const Wanted& wanted, const server::MerchantConfig& merchant,
                                     const server::NotificationMaker& maker);

}  // namespace couponhook::bench
