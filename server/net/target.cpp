#include "server/net/target.hpp"

#include <algorithm>

#include <boost/url/encode.hpp>
#include <boost/url/parse.hpp>
#include <boost/url/rfc/unreserved_chars.hpp>
#include <boost/url/src.hpp>  // the library's own code: this is the one place that needs it
#include <boost/url/url_view.hpp>

namespace couponhook::server {
namespace {

namespace urls = boost::urls;

boost::core::string_view boost_view(std::string_view text) {
  return {text.data(), text.size()};
}

}  // namespace

std::optional<std::string_view> Target::parameter(std::string_view name) const {
  const auto found = std::ranges::find(parameters, name,
                                       [](const auto& p) -> std::string_view { return p.first; });
  if (found == parameters.end()) return std::nullopt;
  return found->second;
}

std::optional<Target> parse_target(std::string_view target) {
  const auto parsed = urls::parse_origin_form(boost_view(target));
  if (!parsed) return std::nullopt;
  Target result;
  for (const auto& segment : parsed->segments()) result.segments.emplace_back(segment);
  if (result.segments.size() == 1 && result.segments[0].empty()) result.segments.clear();
  for (const auto& parameter : parsed->params()) {
    result.parameters.emplace_back(parameter.key, parameter.value);
  }
  return result;
}

std::string percent_encode(std::string_view text) {
  return urls::encode(boost_view(text), urls::unreserved_chars);
}

std::string Url::authority() const {
  const std::string name = host.find(':') == std::string::npos ? host : "[" + host + "]";
  return port == (tls ? "443" : "80") ? name : name + ":" + port;
}

std::optional<Url> parse_url(std::string_view text) {
  const auto parsed = urls::parse_uri(boost_view(text));
  if (!parsed || parsed->host_address().empty()) return std::nullopt;
  Url url;
  if (parsed->scheme() == "https") {
    url.port = "443";
  } else if (parsed->scheme() == "http") {
    url.tls = false;
    url.port = "80";
  } else {
    return std::nullopt;
  }
  url.host = parsed->host_address();
  if (parsed->has_port() && !parsed->port().empty()) url.port = std::string(parsed->port());
  url.target = std::string(parsed->encoded_resource());
  if (const auto fragment = url.target.find('#'); fragment != std::string::npos) {
    url.target.resize(fragment);
  }
  if (url.target.empty() || url.target.front() != '/') url.target.insert(0, "/");
  return url;
}

}  // namespace couponhook::server
