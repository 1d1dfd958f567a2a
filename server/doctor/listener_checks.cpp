#include <algorithm>
#include <iterator>

#include <unistd.h>
#include <boost/asio/ip/address.hpp>

#include "base/wechat_time.hpp"
#include "server/commands/admin_client.hpp"
#include "server/doctor/certificate_facts.hpp"
#include "server/doctor/checks.hpp"
#include "server/service/listening.hpp"

namespace couponhook::server {
namespace {

/// Time before the end of a TLS certificate from which `check` and `doctor` warn that it must be
/// renewed.
constexpr std::chrono::days kRenewalNotice{14};

/// Returns true if the program that listens on the port is the service that uses this
/// configuration.
bool is_our_service(const Config& config, const asio::ip::tcp::endpoint& endpoint) {
  if (!try_to_bind(endpoint, PortSharing::kWithOurService)) return true;
  const auto answer = ask_admin(config, "GET", "/status");
  return answer && answer->status == 200;
}

void check_place(const Config& config, const std::string& table, const std::string& address,
                 std::uint16_t port, CheckFindings& findings, const std::string& prefix = {}) {
  error_code ec;
  const auto ip = asio::ip::make_address(address, ec);
  if (ec) return;  // the malformed address was already reported when the configuration was read
  const asio::ip::tcp::endpoint endpoint(ip, port);
  ec = try_to_bind(endpoint, PortSharing::kNone);
  if (!ec) return;
  const std::string where = config.file.string() + ": " + table + "." + prefix;
  if (ec == asio::error::address_in_use) {
    if (is_our_service(config, endpoint)) return;
    findings.error(where + "port", "is " + std::to_string(port) +
                                       ", which another program on this machine listens on; "
                                       "choose another port, or stop that program");
  } else if (ec == asio::error::access_denied) {
    findings.warn(where + "port",
                  "is " + std::to_string(port) + ", which user " + std::to_string(::geteuid()) +
                      " may not listen on; choose a port from 1024 on, or give the service "
                      "CAP_NET_BIND_SERVICE");
  } else {
    findings.error(where + "address", "is " + address +
                                          ", which cannot be listened on: " + ec.message() +
                                          "; give an address of this machine, or \"0.0.0.0\"");
  }
}

void check_validity(const TlsFacts& tls, const std::string& where, const std::string& consequence,
                    std::chrono::sys_seconds now, CheckFindings& findings) {
  if (tls.begins_at > now) {
    findings.error(where, tls.file + " is not valid before " + date_of(tls.begins_at) +
                              ", so that " + consequence +
                              "; check this machine's clock, or use the certificate that is valid "
                              "now");
  }
  if (tls.expires_at >= now && tls.expires_at < now + kRenewalNotice) {
    findings.warn(where, tls.file + " expires " + date_of(tls.expires_at) + ": from then on " +
                             consequence + "; renew it, it is loaded without a restart");
  }
}

void check_issuers(const TlsFacts& tls, const std::string& where, std::chrono::sys_seconds now,
                   CheckFindings& findings) {
  if (tls.self_signed) return;  // a self-signed certificate is for tests only; `doctor` reports it
  if (tls.out_of_order != 0) {
    findings.warn(where, tls.file + ": certificate " + std::to_string(tls.out_of_order) +
                             " did not sign the one before it; put the server's own first, and "
                             "each issuer's below the one it signed");
  }
  if (tls.verify_error.empty()) return;
  if (tls.expired_issuer != 0) {
    findings.error(where, tls.file + ": certificate " + std::to_string(tls.expired_issuer) +
                              ", an issuer's, has expired, so that WeChat Pay does not connect; "
                              "replace it by the issuer's current one");
  } else if (tls.expires_at >= now && tls.begins_at <= now) {
    findings.warn(where, tls.file + " cannot be verified with this machine's public CAs (" +
                             tls.verify_error +
                             "), and WeChat Pay will not connect then; append the issuer's "
                             "intermediate certificates (often called fullchain.pem)");
  }
}

}  // namespace

std::string date_of(std::chrono::sys_seconds time) {
  return base::format_unix_ms(time.time_since_epoch().count() * 1000);
}

void check_places(const Config& config, CheckFindings& findings) {
  check_place(config, "listener", config.listener.address, config.listener.port, findings);
  const AdminConfig& admin = config.admin;
  check_place(config, "admin", admin.address, admin.port, findings);
  if (admin.metrics_port == 0) return;
  check_place(config, "admin", admin.metrics_address, admin.metrics_port, findings, "metrics_");
}

void check_listener_certificates(const Config& config, std::chrono::sys_seconds now,
                                 CheckFindings& findings) {
  const std::string file = config.file.string();
  if (config.listener.tls) {
    const std::string where = file + ": listener.tls_certificate";
    if (const auto tls = tls_facts(config.listener.tls_certificate)) {
      check_validity(*tls, where, "WeChat Pay does not connect", now, findings);
      check_issuers(*tls, where, now, findings);
    }
  }
  const auto admin = tls_facts(config.admin.tls_certificate);
  if (config.admin.tls_certificate.empty() || !admin) return;
  // A fault of the status endpoint's certificate does not stop notifications. So errors about this
  // certificate become warnings.
  CheckFindings of_admin;
  check_validity(*admin, file + ": admin.tls_certificate",
                 "clients do not trust the status endpoint", now, of_admin);
  std::ranges::move(of_admin.errors, std::back_inserter(findings.warnings));
  std::ranges::move(of_admin.warnings, std::back_inserter(findings.warnings));
}

}  // namespace couponhook::server
