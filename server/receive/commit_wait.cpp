#include "server/receive/commit_wait.hpp"

namespace couponhook::server {

std::vector<storage::ClaimedDelivery> CommitWait::take_leased() {
  const storage::Admission& stored = admitted_.admission;
  std::vector<storage::ClaimedDelivery> deliveries;
  for (storage::LeasedDelivery& leased : admitted_.leased) {
    storage::ClaimedDelivery delivery;
    delivery.lease = leased.lease;
    delivery.handler = std::move(leased.handler);
    delivery.notification_id = stored.id;
    delivery.mchid = stored.mchid;
    delivery.event_type = stored.event_type;
    delivery.create_time = stored.create_time;
    delivery.source = stored.source;
    delivery.resource = stored.resource;
    delivery.created_at_ms = stored.received_at_ms;
    for (const storage::NewDelivery& asked_for : stored.deliveries) {
      if (asked_for.handler == delivery.handler) delivery.ordering_key = asked_for.ordering_key;
    }
    deliveries.push_back(std::move(delivery));
  }
  admitted_.leased.clear();
  return deliveries;
}

}  // namespace couponhook::server
