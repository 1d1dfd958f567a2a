#include "storage/deliveries.hpp"

#include <utility>

namespace couponhook::storage {

namespace {
Failure later() {
  return {FailureCode::kUnavailable, "deliveries cannot be claimed yet"};
}
}  // namespace

Deliveries::Deliveries(std::unique_ptr<Connection> connection, DeliveriesOptions options)
    : connection_(std::move(connection)), options_(std::move(options)) {}
Deliveries::~Deliveries() = default;

Deliveries::Result<std::vector<ClaimedDelivery>> Deliveries::claim(std::span<const Wanted>,
                                                                   std::int64_t) {
  return later();
}
Deliveries::Result<std::vector<DeliveryStanding>> Deliveries::claim_of(
    std::string_view, std::string_view, std::span<const std::string_view>, std::int64_t) {
  return later();
}
Deliveries::Result<std::vector<bool>> Deliveries::finish(std::span<const Finished>, std::int64_t) {
  return later();
}
Deliveries::Result<std::vector<bool>> Deliveries::renew(std::span<const Lease>, std::int64_t) {
  return later();
}
Deliveries::Result<void> Deliveries::release(std::span<const Lease>, std::int64_t) {
  return later();
}
Deliveries::Result<std::optional<std::int64_t>> Deliveries::next_due_ms(
    std::span<const std::string_view>) {
  return later();
}
Deliveries::Result<Backlog> Deliveries::backlog() {
  return later();
}

}  // namespace couponhook::storage
