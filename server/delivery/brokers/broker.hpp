#pragma once

/// \file
/// Interface of all message brokers (Redis, AMQP, Kafka), and the handler that publishes events
/// through a broker.

#include <chrono>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include <boost/system/result.hpp>

#include "handlers/handler.hpp"

namespace couponhook::server {

/// An event as a message, in the form in which all message brokers publish it.
struct BrokerMessage {
  std::string_view id;  ///< id of the notification; the same at every delivery attempt
  /// Ordering key: messages with the same key (events of one coupon) stay in order.
  std::string_view key;
  /// Event type in the form of webhooks, such as coupon.redeemed.
  std::string_view type;
  /// The event as JSON, the same text that the http handler would post.
  std::string_view body;
};

/// Time by which a call of a message broker must return, even if the broker does not answer.
using BrokerDeadline = std::chrono::steady_clock::time_point;

/// A connection to a message broker, used by one thread at a time. The destructor does not wait for
/// the broker.
class BrokerConnection {
 public:
  virtual ~BrokerConnection() = default;
  /// Publishes a message and waits until the broker has confirmed that the message is stored, at
  /// most until the deadline (Kafka: up to one second longer). After any outcome but Done, the
  /// connection must not be used again.
  [[nodiscard]] virtual handlers::Outcome publish(const BrokerMessage& message,
                                                  BrokerDeadline due) = 0;
};

using BrokerConnectionResult =
    boost::system::result<std::unique_ptr<BrokerConnection>, std::string>;

/// A message broker (Redis, AMQP or Kafka), which makes connections to itself.
class Broker {
 public:
  virtual ~Broker() = default;
  /// Opens a connection to the broker: DNS look-up, TCP, TLS and log-in. Thread-safe.
  /// \return the connection, or an error text without passwords.
  [[nodiscard]] virtual BrokerConnectionResult connect(BrokerDeadline due) = 0;
};

/// Handler that publishes events through a message broker and keeps its connections for the next
/// event. Thread-safe.
class BrokerHandler final : public handlers::Handler {
 public:
  /// Makes a handler without connecting to the broker.
  /// \param timeout limit of one call of the handler, including the time to connect.
  BrokerHandler(std::unique_ptr<Broker> broker, std::chrono::milliseconds timeout)
      : broker_(std::move(broker)), timeout_(timeout) {}

  [[nodiscard]] handlers::Outcome handle(const handlers::HandledEvent& event) override;

 private:
  [[nodiscard]] std::unique_ptr<BrokerConnection> take_idle();

  std::unique_ptr<Broker> broker_;
  std::chrono::milliseconds timeout_;
  std::mutex mutex_;
  // open connections to the broker that no call uses now; guarded by mutex_
  std::vector<std::unique_ptr<BrokerConnection>> idle_;
};

}  // namespace couponhook::server
