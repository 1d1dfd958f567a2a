#include "server/outbound/reachability.hpp"

#include "server/net/http_client.hpp"

namespace couponhook::server {
namespace {

/// Time that WeChat Pay waits for the reply to a notification.
constexpr std::chrono::milliseconds kReachTimeout{5000};

/// Makes a signature probe: a notification with a wrong signature, in the form that WeChat Pay's
/// documentation describes. A receiver counts it as a probe, not as a fault.
ClientRequest probe(const base::Url& url, const ProbeIdentity& identity) {
  ClientRequest request("POST", url.target);
  request.headers = {
      {"Content-Type", "application/json"},
      {"Wechatpay-Timestamp", std::to_string(identity.now.time_since_epoch().count())},
      {"Wechatpay-Nonce", "couponhook-callbacks-set"},
      {"Wechatpay-Serial", identity.platform_serial},
      {"Wechatpay-Signature", "WECHATPAY/SIGNTEST/couponhook"}};
  request.body = "{}";
  return request;
}

/// Checks the reply to a signature probe.
/// \return nothing if the receiver checked the signature and refused the probe; otherwise a text
///   that says what is wrong with the reply.
std::optional<std::string> why_refused_otherwise(const ClientReply& reply) {
  const auto says = [&](std::string_view code) {
    return reply.body.find("\"" + std::string(code) + "\"") != std::string::npos;
  };
  if (reply.status == 404 || reply.status == 405) {
    return "answers status " + std::to_string(reply.status) +
           ": no merchant has this path; use the merchant's path";
  }
  if (reply.status != 401) {
    return "answers a wrongly signed notification with status " + std::to_string(reply.status) +
           " instead of 401; is it this service's address?";
  }
  if (says("HEADERS_MISSING")) {
    return "a proxy or CDN on the way strips Wechatpay-* headers; let them through";
  }
  if (says("TIMESTAMP_INVALID")) return "its clock and this machine's differ; run an NTP client";
  if (says("SERIAL_UNKNOWN")) {
    return "the service there has another platform key than this configuration; is it this "
           "merchant's?";
  }
  return std::nullopt;
}

}  // namespace

std::optional<UrlFault> try_url(std::string_view text, const ProbeIdentity& identity) {
  if (identity.platform_serial.empty()) {
    return UrlFault{.what =
                        "was not tried: without a platform key no notification can be "
                        "verified; run `couponhook certificates fetch` first"};
  }
  const auto url = base::parse_url(text);
  if (!url) return UrlFault{.what = "is not a URL; write https://HOST/PATH"};
  const auto tls = make_client_tls({});
  if (!tls) return UrlFault{.what = tls.error().text()};
  ClientLoop loop;
  HttpClient http(loop.io(), loop.deadlines(), loop.resolver(), *url, *tls,
                  {kReachTimeout, kReachTimeout, 65536});
  const auto sent = loop.send(http, probe(*url, identity));
  if (!sent) {
    // Other TLS errors may be caused by the network between this machine and the server, which
    // WeChat Pay does not use.
    const bool is_certificate = sent.error().code == ClientError::kCertificateRefused;
    return UrlFault{is_certificate,
                    sent.error().text() +
                        "; WeChat Pay needs a public address, an open port and a certificate of "
                        "a public CA with its whole chain"};
  }
  auto why = why_refused_otherwise(*sent);
  if (!why) return std::nullopt;
  return UrlFault{.what = std::move(*why)};
}

}  // namespace couponhook::server
