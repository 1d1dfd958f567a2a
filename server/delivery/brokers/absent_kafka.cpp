// Replaces kafka.cpp in a build without the library librdkafka. A handler of type "kafka" is then
// refused with an error that names the missing package.

#include "server/delivery/brokers/brokers.hpp"

namespace couponhook::server {

const bool kHasKafka = false;

BrokerResult make_kafka(const KafkaHandlerConfig&, BrokerSettings) {
  return BrokerResult(
      boost::system::in_place_error,
      "\"kafka\" is not part of this build; install librdkafka-dev and build again");
}

}  // namespace couponhook::server
