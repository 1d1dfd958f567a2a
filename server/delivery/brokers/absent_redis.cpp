// Stands in for redis.cpp where its library was not there at build time.

#include "server/delivery/brokers/brokers.hpp"

namespace couponhook::server {

const bool kHasRedis = false;

BrokerResult make_redis(const RedisHandlerConfig&, BrokerSettings) {
  return BrokerResult(
      boost::system::in_place_error,
      "\"redis\" is not part of this build; install libhiredis-dev and build again");
}

}  // namespace couponhook::server
