#pragma once

/// \file
/// The brokers there are. Each comes with its library at build time, or as a stand-in that says
/// what is missing.

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

/// What every broker is given beside its own table.
struct BrokerSettings {
  crypto::Secret password;                  ///< empty where none is configured
  std::chrono::milliseconds timeout{2000};  ///< of a call, for libraries that keep time themselves
};

using BrokerResult = boost::system::result<std::unique_ptr<Broker>, std::string>;

/// Makes a broker without connecting to it. \return an error that says what to do: the url will not
/// do, or this build is without the library.
[[nodiscard]] BrokerResult make_redis(const RedisHandlerConfig& config, BrokerSettings settings);
[[nodiscard]] BrokerResult make_amqp(const AmqpHandlerConfig& config, BrokerSettings settings);
[[nodiscard]] BrokerResult make_kafka(const KafkaHandlerConfig& config, BrokerSettings settings);

extern const bool kHasRedis;
extern const bool kHasAmqp;
extern const bool kHasKafka;

/// scheme://user@host:port/path of a broker.
struct BrokerUrl {
  bool tls = false;
  std::string user;
  std::string host;
  int port = 0;
  std::string path;  ///< percent-decoded, without the slash
};
[[nodiscard]] boost::system::result<BrokerUrl, std::string> parse_broker_url(std::string_view url,
                                                                             int default_port);

/// Calls `connect_to(address, due)` with each address of a host until one returns an empty text,
/// each with its share of the time that is left. The look-up has the same deadline, which those of
/// the libraries have not.
/// \return what was wrong, in words; empty: connected.
[[nodiscard]] std::string connect_to_any(
    const BrokerUrl& url, BrokerDeadline due,
    const std::function<std::string(const std::string& address, BrokerDeadline due)>& connect_to);

}  // namespace couponhook::server
