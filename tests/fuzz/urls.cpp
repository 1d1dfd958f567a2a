/// \file
/// Fuzz target: the parsers of HTTP request targets, URLs, percent-encoding and IP addresses. The
/// two URL parsers must agree, and decoding a text that was percent-encoded must give the original
/// text.

#include <string>

#include "base/ip_address.hpp"
#include "base/percent_encoding.hpp"
#include "base/url.hpp"
#include "fuzz.hpp"

namespace couponhook::fuzz {
namespace {

void run(std::string_view input) {
  if (const auto target = base::parse_request_target(input)) {
    require(input.starts_with('/'), "only an origin form is taken apart");
    for (const auto& [name, value] : target->parameters) {
      require(target->parameter(name).has_value(), "each parameter is found by its name");
    }
  }
  const auto encoded = base::parse_request_target("/" + base::percent_encode(input));
  require(encoded && encoded->segments.size() <= 1, "an encoded text is one segment");
  if (encoded && !input.empty()) {
    require(encoded->segments.front() == input, "decoding undoes encoding");
  }
  require(base::percent_encode(input) == base::percent_encode(input), "both encoders agree");
  if (const auto url = base::parse_url(input)) {
    const auto parts = base::split_url(input);
    require(parts.has_value(), "what one reader of URLs accepts, the other does");
    require(parts->host == url->host, "both readers of URLs see the same host");
    require(url->target.starts_with('/'), "a URL's target begins with a slash");
  }
  if (const auto address = base::IpAddress::parse(input)) {
    require(base::IpAddress::parse(address->text()) == address, "an address is read as written");
  }
  static_cast<void>(base::IpNetwork::parse(input));
}

const Registration registered("urls", run);

}  // namespace
}  // namespace couponhook::fuzz
