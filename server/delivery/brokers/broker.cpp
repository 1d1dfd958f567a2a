#include "server/delivery/brokers/broker.hpp"

#include "handlers/webhook.hpp"

namespace couponhook::server {

std::unique_ptr<BrokerConnection> BrokerHandler::take_idle() {
  const std::lock_guard lock(mutex_);
  if (idle_.empty()) return nullptr;
  auto connection = std::move(idle_.back());
  idle_.pop_back();
  return connection;
}

handlers::Outcome BrokerHandler::handle(const handlers::HandledEvent& event) {
  const BrokerDeadline due = std::chrono::steady_clock::now() + timeout_;
  const std::string type = handlers::webhook_type(event.event_type);
  const std::string body = handlers::webhook_body(event);
  auto connection = take_idle();
  if (!connection) {
    auto made = broker_->connect(due);
    if (!made) return handlers::Retry{made.error(), {}};
    connection = std::move(*made);
  }
  auto outcome = connection->publish({event.notification_id, event.ordering_key, type, body}, due);
  if (std::holds_alternative<handlers::Done>(outcome)) {
    const std::lock_guard lock(mutex_);
    idle_.push_back(std::move(connection));
  }
  return outcome;
}

}  // namespace couponhook::server
