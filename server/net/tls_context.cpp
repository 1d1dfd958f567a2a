#include "server/net/tls_context.hpp"

#include <array>

#include <openssl/err.h>
#include <openssl/ssl.h>

#include "server/net/tls_files.hpp"

namespace couponhook::server {
namespace {

using ContextResult = boost::system::result<TlsContext, std::string>;

ContextResult no_context(std::string message) {
  ERR_clear_error();
  return ContextResult(boost::system::in_place_error, std::move(message));
}

TlsContext make_context(const SSL_METHOD* method) {
  TlsContext context(SSL_CTX_new(method), SSL_CTX_free);
  SSL_CTX* const tls = context.get();
  SSL_CTX_set_min_proto_version(tls, TLS1_2_VERSION);
  // Partial writes and moving buffers let a session write from wherever its reply is; released
  // buffers keep thousands of idle connections small; read-ahead takes a record in one system call.
  SSL_CTX_set_mode(tls, SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER |
                            SSL_MODE_RELEASE_BUFFERS);
  SSL_CTX_set_read_ahead(tls, 1);
  SSL_CTX_set_options(tls, SSL_OP_NO_COMPRESSION | SSL_OP_NO_RENEGOTIATION);
  // The cheapest strong choices first: measured, AES-128 and X25519 save a fifth of a handshake.
  SSL_CTX_set_ciphersuites(
      tls, "TLS_AES_128_GCM_SHA256:TLS_AES_256_GCM_SHA384:TLS_CHACHA20_POLY1305_SHA256");
  SSL_CTX_set_cipher_list(tls, "ECDHE+AESGCM:ECDHE+CHACHA20");
  SSL_CTX_set1_groups_list(tls, "X25519:P-256:P-384");
  return context;
}

int choose_http_1_1(SSL*, const unsigned char** chosen, unsigned char* chosen_size,
                    const unsigned char* offered, unsigned offered_size, void*) {
  static constexpr std::array<unsigned char, 9> kHttp11 = {8,   'h', 't', 't', 'p',
                                                           '/', '1', '.', '1'};
  unsigned char* selected = nullptr;
  if (SSL_select_next_proto(&selected, chosen_size, kHttp11.data(), kHttp11.size(), offered,
                            offered_size) != OPENSSL_NPN_NEGOTIATED) {
    return SSL_TLSEXT_ERR_ALERT_FATAL;
  }
  *chosen = selected;
  return SSL_TLSEXT_ERR_OK;
}

}  // namespace

ContextResult make_server_tls(const std::filesystem::path& certificate_chain,
                              const std::filesystem::path& private_key) {
  TlsContext context = make_context(TLS_server_method());
  SSL_CTX* const tls = context.get();
  if (auto used = use_chain_and_key(tls, certificate_chain, private_key); !used) {
    return no_context(std::move(used).error());
  }
  if (X509_cmp_current_time(X509_get0_notAfter(SSL_CTX_get0_certificate(tls))) < 0) {
    return no_context(certificate_chain.string() +
                      ": has expired, so WeChat Pay will not connect; renew the certificate");
  }
  SSL_CTX_set_options(tls, SSL_OP_CIPHER_SERVER_PREFERENCE);
  SSL_CTX_set_alpn_select_cb(tls, choose_http_1_1, nullptr);
  static constexpr std::array<unsigned char, 10> kSessionContext = {'c', 'o', 'u', 'p', 'o',
                                                                    'n', 'h', 'o', 'o', 'k'};
  SSL_CTX_set_session_id_context(tls, kSessionContext.data(), kSessionContext.size());
  // Resumption is by ticket: a cache would be one more lock between threads.
  SSL_CTX_set_session_cache_mode(tls, SSL_SESS_CACHE_OFF);
  SSL_CTX_set_num_tickets(tls, 1);
  return context;
}

ContextResult make_client_tls(const std::filesystem::path& ca_file) {
  TlsContext context = make_context(TLS_client_method());
  SSL_CTX* const tls = context.get();
  SSL_CTX_set_default_verify_paths(tls);
  if (!ca_file.empty()) {
    if (auto trusted = trust_certificates(tls, ca_file); !trusted) {
      return no_context(std::move(trusted).error());
    }
  }
  SSL_CTX_set_verify(tls, SSL_VERIFY_PEER, nullptr);
  return context;
}

}  // namespace couponhook::server
