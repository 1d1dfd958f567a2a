#pragma once

/// \file
/// Makes and signs the requests of a benchmark before the measurement, because signing a
/// notification takes more CPU time than receiving one.

#include <cstddef>
#include <string>
#include <vector>

#include "sandbox/local/notification_maker.hpp"
#include "server/config/config.hpp"

namespace couponhook::bench {

struct RequestPlan {
  std::size_t requests = 20000;
  /// Share of the requests (0 to 1) that contain an earlier notification again, with a new
  /// signature.
  double duplicate_share = 0;
  server::Bad bad = server::Bad::kNone;
};

/// Complete HTTP requests as bytes, and the number of requests to send. If there are fewer byte
/// strings than `count`, sending starts again with the first one. Forged requests can be repeated
/// in this way, because couponhook stores nothing of them.
struct Requests {
  std::vector<std::string> wire;
  std::size_t count = 0;

  [[nodiscard]] const std::string& operator[](std::size_t number) const {
    return wire[number % wire.size()];
  }
};

/// Makes notifications of redeemed coupons, each with another coupon and another payment, and signs
/// them on all CPU cores. The body of a notification has 1.5 KB and contains an encrypted part of
/// 0.9 KB in base64.
[[nodiscard]] Requests make_requests(const RequestPlan& wanted,
                                     const server::MerchantConfig& merchant,
                                     const server::NotificationMaker& maker);

}  // namespace couponhook::bench
