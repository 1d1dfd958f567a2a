#pragma once

/// \file
/// Message brokers: the one small interface behind which each of them stands.

#include <chrono>
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

/// When a call must have returned, whatever the broker does.
using BrokerDeadline = std::chrono::steady_clock::time_point;

/// A connection, used by one thread at a time. Its end waits for nobody.
class BrokerConnection {
 public:
  virtual ~BrokerConnection() = default;
  /// Returns once the broker has confirmed that the message is kept, at the deadline at the latest.
  /// Any outcome but Done ends the connection's life.
  [[nodiscard]] virtual handlers::Outcome publish(const BrokerMessage& message,
                                                  BrokerDeadline due) = 0;
};

using BrokerConnectionResult =
    boost::system::result<std::unique_ptr<BrokerConnection>, std::string>;

class Broker {
 public:
  virtual ~Broker() = default;
  /// Thread-safe. From the look-up of the name to the end of the log-in.
  /// \return an error in words, without passwords.
  [[nodiscard]] virtual BrokerConnectionResult connect(BrokerDeadline due) = 0;
};

/// Publishes events over connections that are kept for the next one. Thread-safe.
class BrokerHandler final : public handlers::Handler {
 public:
  /// \param timeout of a call, connecting included.
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
