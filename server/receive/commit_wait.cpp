#include "server/receive/commit_wait.hpp"

namespace couponhook::server {

std::vector<storage::ClaimedDelivery> CommitWait::take_born_leased() {
  std::vector<storage::ClaimedDelivery> deliveries;
  for (storage::LeasedDelivery& born : born_leased_) {
    storage::ClaimedDelivery delivery;
    delivery.lease = born.lease;
    delivery.handler = std::move(born.handler);
    delivery.notification_id = given_back_.id;
    delivery.mchid = given_back_.mchid;
    delivery.event_type = given_back_.event_type;
    delivery.create_time = given_back_.create_time;
    delivery.source = given_back_.source;
    delivery.resource = given_back_.resource;
    delivery.created_at_ms = given_back_.received_at_ms;
    for (const storage::NewDelivery& asked_for : given_back_.deliveries) {
      if (asked_for.handler == delivery.handler) delivery.ordering_key = asked_for.ordering_key;
    }
    deliveries.push_back(std::move(delivery));
  }
  born_leased_.clear();
  return deliveries;
}

}  // namespace couponhook::server
