#pragma once

/// \file
/// Interface of all message brokers (Redis, AMQP, Kafka), and the handler that publishes through
/// it.

#include <chrono>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include <boost/system/result.hpp>

#include "handlers/handler.hpp"

namespace couponhook::server {

/// An event in the form in which all brokers publish it.
struct BrokerMessage {
  std::string_view id;    ///< id of the notification; the same at every attempt
  std::string_view key;   ///< ordering key; messages of one key (one coupon) stay in order
  std::string_view type;  ///< event type in the webhook form, such as coupon.redeemed
  std::string_view body;  ///< the JSON that the http handler would post
};

/// Time by which a call must return, even if the broker does not answer.
using BrokerDeadline = std::chrono::steady_clock::time_point;

/// A connection to a broker, used by one thread at a time. Its destructor does not wait for the
/// broker.
class BrokerConnection {
 public:
  virtual ~BrokerConnection() = default;
  /// Publishes a message and waits until the broker has confirmed that it is stored, at most until
  /// the deadline (Kafka: up to one second longer). After any outcome but Done, the connection must
  /// not be used again.
  [[nodiscard]] virtual handlers::Outcome publish(const BrokerMessage& message,
                                                  BrokerDeadline due) = 0;
};

using BrokerConnectionResult =
    boost::system::result<std::unique_ptr<BrokerConnection>, std::string>;

/// A message broker that connections can be opened to.
class Broker {
 public:
  virtual ~Broker() = default;
  /// Opens a connection: name look-up, TCP, TLS and log-in. Thread-safe.
  /// \return an error text without passwords, if that fails.
  [[nodiscard]] virtual BrokerConnectionResult connect(BrokerDeadline due) = 0;
};

/// Handler that publishes events through a broker and keeps its connections for the next event.
/// Thread-safe.
class BrokerHandler final : public handlers::Handler {
 public:
  /// \param timeout limit of one call, including the time to connect.
  BrokerHandler(std::unique_ptr<Broker> broker, std::chrono::milliseconds timeout)
      : broker_(std::move(broker)), timeout_(timeout) {}

  [[nodiscard]] handlers::Outcome handle(const handlers::HandledEvent& event) override;

 private:
  [[nodiscard]] std::unique_ptr<BrokerConnection> take_idle();

  std::unique_ptr<Broker> broker_;
  std::chrono::milliseconds timeout_;
  std::mutex mutex_;
  std::vector<std::unique_ptr<BrokerConnection>> idle_;  // guarded by mutex_
};

}  // namespace couponhook::server
