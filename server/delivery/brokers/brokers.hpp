#pragma once

/// \file
/// Functions that make the objects for message brokers (Redis, AMQP, Kafka), and helpers that the
/// brokers share. If the library of a broker was missing at build time, its function returns an
/// error.

#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include <boost/system/result.hpp>

#include "crypto/secret.hpp"
#include "server/config/handler_config.hpp"
#include "server/delivery/brokers/broker.hpp"

namespace couponhook::server {

/// Settings that all message brokers have in common.
struct BrokerSettings {
  crypto::Secret password;  ///< password for the broker; empty if none is configured
  /// Time limit of one call to the broker, for broker libraries that apply a timeout themselves.
  std::chrono::milliseconds timeout{2000};
};

using BrokerResult = boost::system::result<std::unique_ptr<Broker>, std::string>;

/// The functions make_…() make the object for a message broker without connecting to it. \return an
/// error with its remedy, if the URL is invalid or this build does not contain the broker's
/// library.
[[nodiscard]] BrokerResult make_redis(const RedisHandlerConfig& config, BrokerSettings settings);
[[nodiscard]] BrokerResult make_amqp(const AmqpHandlerConfig& config, BrokerSettings settings);
[[nodiscard]] BrokerResult make_kafka(const KafkaHandlerConfig& config, BrokerSettings settings);

extern const bool kHasRedis;
extern const bool kHasAmqp;
extern const bool kHasKafka;

/// The parts of the URL of a message broker: scheme://user@host:port/path.
struct BrokerUrl {
  bool tls = false;
  std::string user;
  std::string host;
  int port = 0;
  std::string path;  ///< path of the URL, percent-decoded, without the leading slash
};
/// Parses the URL of a message broker. Its scheme was already checked when the configuration was
/// read. The member `tls` of the result has a meaning only for AMQP: it is false for amqp:// and
/// true for amqps://.
/// \return the parts of the URL; an error text if the URL is malformed.
[[nodiscard]] boost::system::result<BrokerUrl, std::string> parse_broker_url(std::string_view url,
                                                                             int default_port);

/// Tries the IP addresses of a broker's host in turn until `connect_to` succeeds. Each address gets
/// an equal share of the remaining time. The DNS look-up ends at the same deadline; the broker
/// libraries' own look-ups have no deadline.
/// \param connect_to connects to one address. Returns an error text; empty means success.
/// \return the last error; empty if the connection is open.
[[nodiscard]] std::string connect_to_any(
    const BrokerUrl& url, BrokerDeadline due,
    const std::function<std::string(const std::string& address, BrokerDeadline due)>& connect_to);

}  // namespace couponhook::server
