#include "server/commands/admin_client.hpp"

#include <algorithm>
#include <functional>
#include <optional>
#include <vector>

#include <openssl/ssl.h>

#include "crypto/file.hpp"
#include "server/commands/command_line.hpp"

namespace couponhook::server {

std::string admin_place(const AdminConfig& admin) {
  return "status endpoint at " + admin.address + " port " + std::to_string(admin.port);
}

boost::system::result<crypto::Secret, Problem> read_client_token(const AdminConfig& admin) {
  std::vector<AdminTokenConfig> tokens = admin_tokens(admin);
  std::ranges::stable_sort(tokens, std::greater<>(), &AdminTokenConfig::role);
  std::optional<Problem> first;
  for (const AdminTokenConfig& each : tokens) {
    auto token = crypto::read_secret_line(each.file);
    if (token) return std::move(*token);
    if (!first) first = Problem{each.file.string(), token.error().text()};
  }
  return first.value_or(Problem{"admin.token_file", "is not set"});
}

ClientRequest admin_request(const crypto::Secret& token, std::string_view method,
                            std::string_view target, std::string body) {
  ClientRequest request{std::string(method), std::string(target)};
  request.headers.emplace_back("Authorization", "Bearer " + std::string(token.reveal()));
  if (!body.empty()) request.headers.emplace_back("Content-Type", "application/json");
  request.body = std::move(body);
  return request;
}

boost::system::result<std::unique_ptr<HttpClient>, Problem> make_admin_client(
    const AdminConfig& admin, ClientLoop& loop) {
  if (admin.port == 0) {
    return Problem{admin_place(admin),
                   "admin.port is 0, so the system chooses the port; set a fixed admin.port"};
  }
  TlsContext tls;
  if (!admin.tls_certificate.empty()) {
    auto made = make_client_tls(admin.tls_certificate);
    if (!made) return Problem{admin_place(admin), made.error().text()};
    tls = std::move(*made);
    // The client trusts exactly the certificate file that the service uses. The expiry date of the
    // certificate is not checked, because an expired certificate must not stop an operator or a
    // container's health check.
    X509_VERIFY_PARAM_set_flags(SSL_CTX_get0_param(tls.get()), X509_V_FLAG_NO_CHECK_TIME);
  }
  const base::Url url{tls != nullptr, reachable_address(admin.address), std::to_string(admin.port),
                      "/"};
  return std::make_unique<HttpClient>(loop.io(), loop.deadlines(), loop.resolver(), url, tls,
                                      HttpClient::Options{});
}

boost::system::result<AdminAnswer, Problem> ask_admin(const AdminConfig& admin,
                                                      const crypto::Secret& token,
                                                      std::string_view method,
                                                      std::string_view target, std::string body) {
  ClientLoop loop;
  const auto client = make_admin_client(admin, loop);
  if (!client) return client.error();
  auto sent = loop.send(**client, admin_request(token, method, target, std::move(body)));
  if (!sent) {
    return Problem{admin_place(admin), sent.error().text() + "; is the service running?"};
  }
  return AdminAnswer{sent->status, std::move(sent->body)};
}

boost::system::result<AdminAnswer, Problem> ask_admin(const Config& config, std::string_view method,
                                                      std::string_view target, std::string body) {
  const auto token = read_client_token(config.admin);
  if (!token) return token.error();
  return ask_admin(config.admin, *token, method, target, std::move(body));
}

}  // namespace couponhook::server
