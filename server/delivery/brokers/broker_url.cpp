#include "server/delivery/brokers/brokers.hpp"

#include <charconv>

#include "base/url.hpp"
#include "server/net/resolve.hpp"

namespace couponhook::server {

boost::system::result<BrokerUrl, std::string> parse_broker_url(std::string_view url,
                                                               int default_port) {
  using Result = boost::system::result<BrokerUrl, std::string>;
  // The scheme and the user are removed from the broker's URL here; the rest is then parsed like an
  // http URL.
  const std::size_t scheme_end = url.find("://");
  if (scheme_end == std::string_view::npos) {
    return Result(boost::system::in_place_error,
                  "is not a URL; write scheme://user@host:port/path");
  }
  BrokerUrl broker;
  broker.tls = url.substr(0, scheme_end).ends_with('s');
  std::string_view rest = url.substr(scheme_end + 3);
  const std::size_t at = rest.substr(0, rest.find('/')).find('@');
  if (at != std::string_view::npos) {
    broker.user = rest.substr(0, at);
    rest.remove_prefix(at + 1);
  }
  const auto parsed = base::parse_url("http://" + std::string(rest));
  const auto target = parsed ? base::parse_request_target(parsed->target) : std::nullopt;
  if (!target || target->segments.size() > 1) {
    return Result(boost::system::in_place_error,
                  "is not a URL; write scheme://user@host:port/path");
  }
  broker.host = parsed->host;
  const bool names_port = parsed->port != "80" || parsed->authority() != parsed->host;
  broker.port = default_port;
  if (names_port) {
    std::from_chars(parsed->port.data(), parsed->port.data() + parsed->port.size(), broker.port);
  }
  if (!target->segments.empty()) broker.path = target->segments.front();
  return Result(boost::system::in_place_value, std::move(broker));
}

std::string connect_to_any(
    const BrokerUrl& url, BrokerDeadline due,
    const std::function<std::string(const std::string& address, BrokerDeadline due)>& connect_to) {
  const auto found = resolve_blocking(url.host, std::to_string(url.port), due);
  if (!found) return "its address cannot be found: " + found.error();
  std::string wrong = "it has no address";
  for (std::size_t i = 0; i < found->size(); ++i) {
    const auto now = std::chrono::steady_clock::now();
    const auto share = (due - now) / static_cast<int>(found->size() - i);
    wrong = connect_to((*found)[i].address().to_string(), now + share);
    if (wrong.empty()) break;
  }
  return wrong;
}

}  // namespace couponhook::server
