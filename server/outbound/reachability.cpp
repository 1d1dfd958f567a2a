#include "server/outbound/reachability.hpp"

#include "server/net/http_client.hpp"

namespace couponhook::server {
namespace {

using Sent = boost::system::result<ClientReply, std::string>;

/// WeChat Pay gives up after this time.
constexpr std::chrono::milliseconds kReachPatience{5000};

Task<void> send_into(HttpClient& http, const ClientRequest& request, std::optional<Sent>& sent) {
  sent.emplace(co_await http.send(request));
}

}  // namespace

std::optional<std::string> why_unreachable(std::string_view text) {
  const auto url = parse_url(text);
  if (!url) return "is no URL; write https://HOST/PATH";
  const auto tls = make_client_tls({});
  if (!tls) return tls.error();
  ClientLoop loop;
  HttpClient http(loop.io(), loop.deadlines(), *url, *tls, {kReachPatience, kReachPatience, 65536});
  ClientRequest request("POST", url->target);
  request.headers.emplace_back("Content-Type", "application/json");
  request.body = "{}";
  std::optional<Sent> sent;
  loop.spawn(send_into(http, request, sent));
  loop.run();
  if (!*sent) {
    return sent->error() +
           "; WeChat Pay needs a public address, an open port and a certificate of a public CA "
           "with its whole chain";
  }
  const unsigned status = (*sent)->status;
  if (status == 401) return std::nullopt;
  if (status == 404 || status == 405) {
    return "answers status " + std::to_string(status) +
           ": nobody receives notifications at this path; use the merchant's path";
  }
  return "answers an unsigned notification with status " + std::to_string(status) +
         " where 401 is due; is it this service's address?";
}

}  // namespace couponhook::server
