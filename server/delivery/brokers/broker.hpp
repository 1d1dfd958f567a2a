#pragma once

/// \file
/// Message brokers: the one small interface behind which each of them stands.

#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include <boost/system/result.hpp>

#include "handlers/handler.hpp"

namespace couponhook::server {

/// An event as a broker takes it.
struct BrokerMessage {
  std::string_view id;    ///< of the notification: the same at every attempt
  std::string_view key;   ///< messages of one key, one coupon, stay in order
  std::string_view type;  ///< coupon.redeemed and so on
  std::string_view body;  ///< JSON, as the http handler would post it
};

/// A connection, used by one thread at a time.
class BrokerConnection {
 public:
  virtual ~BrokerConnection() = default;
  /// Returns once the broker has confirmed that the message is kept, or within the timeout. Any
  /// outcome but Done ends the connection's life.
  [[nodiscard]] virtual handlers::Outcome publish(const BrokerMessage& message) = 0;
};

class Broker {
 public:
  virtual ~Broker() = default;
  /// Thread-safe. \return an error in words, without passwords.
  [[nodiscard]] virtual boost::system::result<std::unique_ptr<BrokerConnection>, std::string>
  connect() = 0;
};

/// Publishes events over connections that are kept for the next one. Thread-safe.
class BrokerHandler final : public handlers::Handler {
 public:
  explicit BrokerHandler(std::unique_ptr<Broker> broker) : broker_(std::move(broker)) {}

  [[nodiscard]] handlers::Outcome handle(const handlers::HandledEvent& event) override;

 private:
  [[nodiscard]] std::unique_ptr<BrokerConnection> take_idle();

  std::unique_ptr<Broker> broker_;
  std::mutex mutex_;
  std::vector<std::unique_ptr<BrokerConnection>> idle_;  // guarded by mutex_
};

}  // namespace couponhook::server
