/// \file
/// Fuzz target: request targets, URLs, percent-encoding and IP addresses. Both URL parsers agree,
/// and decoding reverses encoding.

#include <string>

#include "fuzz.hpp"
#include "server/net/ip_address.hpp"
#include "server/net/target.hpp"
#include "wechatpay/uri.hpp"

namespace couponhook::fuzz {
namespace {

void run(std::string_view input) {
  if (const auto target = server::parse_target(input)) {
    require(input.starts_with('/'), "only an origin form is taken apart");
    for (const auto& [name, value] : target->parameters) {
      require(target->parameter(name).has_value(), "each parameter is found by its name");
    }
  }
  const auto encoded = server::parse_target("/" + server::percent_encode(input));
  require(encoded && encoded->segments.size() <= 1, "an encoded text is one segment");
  if (encoded && !input.empty()) {
    require(encoded->segments.front() == input, "decoding undoes encoding");
  }
  require(server::percent_encode(input) == wechatpay::percent_encode(input), "both encoders agree");
  if (const auto url = server::parse_url(input)) {
    const auto parts = wechatpay::split_url(input);
    require(parts.has_value(), "what one reader of URLs accepts, the other does");
    require(parts->host == url->host, "both readers of URLs see the same host");
    require(url->target.starts_with('/'), "a URL's target begins with a slash");
  }
  if (const auto address = server::IpAddress::parse(input)) {
    require(server::IpAddress::parse(address->text()) == address, "an address is read as written");
  }
  static_cast<void>(server::IpNetwork::parse(input));
}

const Registration registered("urls", run);

}  // namespace
}  // namespace couponhook::fuzz
