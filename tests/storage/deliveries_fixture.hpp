#pragma once

/// \file
/// Test fixture: a store with deliveries, and replicas that take the deliveries under leases and
/// finish them.

#include <algorithm>
#include <array>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "storage/deliveries.hpp"
#include "store_fixture.hpp"

namespace couponhook::storage {

using Ids = std::vector<std::string>;

constexpr std::int64_t kLease = 10'000;

class WithDeliveries : public StoreTest {
 protected:
  /// Returns the delivery queue as one replica uses it. The replica takes its leases under the name
  /// `name`.
  [[nodiscard]] Deliveries replica(std::string name = "a") {
    return Deliveries(writer(), {.owner = std::move(name)});
  }

  static Admission event(std::string id, const std::string& coupon, std::string type = "COUPON.USE",
                         std::string handler = "crm") {
    Admission a = admission(std::move(id));
    a.event_type = std::move(type);
    a.deliveries = {{.handler = std::move(handler), .ordering_key = coupon}};
    return a;
  }
  void keep(std::string id, const std::string& coupon, std::string type = "COUPON.USE",
            std::string handler = "crm") {
    write_together(event(std::move(id), coupon, std::move(type), std::move(handler)));
  }

  static std::vector<ClaimedDelivery> claim(Deliveries& deliveries, std::int64_t now_ms = kNow,
                                            std::int64_t limit = 100,
                                            std::string_view handler = "crm") {
    const std::array wanted{ClaimRequest{handler, limit}};
    auto claimed = deliveries.claim(wanted, now_ms);
    EXPECT_TRUE(claimed) << claimed.error().message;
    return std::move(*claimed);
  }
  static Ids ids(const std::vector<ClaimedDelivery>& claimed) {
    Ids found;
    for (const ClaimedDelivery& delivery : claimed) found.push_back(delivery.notification_id);
    return found;
  }
  /// Reports the result of a delivery under its lease.
  /// \return true if the store accepted the result; false if the lease is no longer valid.
  static bool finish(Deliveries& deliveries, Lease lease, DeliveryResult result,
                     std::int64_t now_ms = kNow, std::int64_t due_at_ms = 0,
                     std::string_view error = "refused") {
    const std::array finished{Finished{.lease = lease,
                                       .result = result,
                                       .began_at_ms = now_ms,
                                       .due_at_ms = due_at_ms,
                                       .error = error}};
    return deliveries.finish(finished, now_ms).value().at(0);
  }
  static ClaimResult claim_result_of(Deliveries& deliveries, std::string_view id,
                                     std::int64_t now_ms = kNow) {
    const std::array<std::string_view, 1> handlers{"crm"};
    return deliveries.claim_of("1900000001", id, handlers, now_ms).value().at(0);
  }
  [[nodiscard]] DeliveryRecord delivery(std::string_view id) { return kept(id).deliveries.at(0); }
};

}  // namespace couponhook::storage
