// Replaces redis.cpp in a build without the library hiredis. A handler of type "redis" is then
// refused with an error that names the missing package.

#include "server/delivery/brokers/brokers.hpp"

namespace couponhook::server {

const bool kHasRedis = false;

BrokerResult make_redis(const RedisHandlerConfig&, BrokerSettings) {
  return BrokerResult(
      boost::system::in_place_error,
      "\"redis\" is not part of this build; install libhiredis-dev and build again");
}

}  // namespace couponhook::server
