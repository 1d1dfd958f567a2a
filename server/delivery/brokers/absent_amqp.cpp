// Replaces amqp.cpp in a build without the library librabbitmq. A handler of type "amqp" is then
// refused with an error that names the missing package.

#include "server/delivery/brokers/brokers.hpp"

namespace couponhook::server {

const bool kHasAmqp = false;

BrokerResult make_amqp(const AmqpHandlerConfig&, BrokerSettings) {
  return BrokerResult(
      boost::system::in_place_error,
      "\"amqp\" is not part of this build; install librabbitmq-dev and build again");
}

}  // namespace couponhook::server
