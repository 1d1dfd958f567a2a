#include "server/net/tls_context.hpp"

#include <array>
#include <ctime>
#include <stdexcept>

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>

#include "crypto/self_signed.hpp"
#include "server/net/tls_files.hpp"

namespace couponhook::server {
namespace {

using ContextResult = boost::system::result<TlsContext, TlsFileFailure>;

TlsContext make_context(const SSL_METHOD* method) {
  TlsContext context(SSL_CTX_new(method), SSL_CTX_free);
  SSL_CTX* const tls = context.get();
  SSL_CTX_set_min_proto_version(tls, TLS1_2_VERSION);
  // Partial writes and moving buffers let an HTTP session write directly from the buffer of its
  // reply. Releasing unused buffers keeps the memory of thousands of idle connections small.
  // Read-ahead reads a whole TLS record in one system call.
  SSL_CTX_set_mode(tls, SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER |
                            SSL_MODE_RELEASE_BUFFERS);
  SSL_CTX_set_read_ahead(tls, 1);
  SSL_CTX_set_options(tls, SSL_OP_NO_COMPRESSION | SSL_OP_NO_RENEGOTIATION);
  // The cheapest of the strong TLS ciphers come first. In measurements, AES-128 and X25519 saved a
  // fifth of the cost of a handshake.
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

/// Completes the TLS context of a server that already has its certificate and key.
void serve_with(SSL_CTX* tls) {
  SSL_CTX_set_options(tls, SSL_OP_CIPHER_SERVER_PREFERENCE);
  SSL_CTX_set_alpn_select_cb(tls, choose_http_1_1, nullptr);
  static constexpr std::array<unsigned char, 10> kSessionContext = {'c', 'o', 'u', 'p', 'o',
                                                                    'n', 'h', 'o', 'o', 'k'};
  SSL_CTX_set_session_id_context(tls, kSessionContext.data(), kSessionContext.size());
  // TLS clients resume sessions with tickets, so no session cache is needed. A session cache would
  // only add a lock shared by all threads.
  SSL_CTX_set_session_cache_mode(tls, SSL_SESS_CACHE_OFF);
  SSL_CTX_set_num_tickets(tls, 1);
}

using TlsBio = std::unique_ptr<BIO, decltype(&BIO_free)>;

TlsBio bio_of(std::string_view text) {
  return TlsBio(BIO_new_mem_buf(text.data(), static_cast<int>(text.size())), BIO_free);
}

}  // namespace

ContextResult make_server_tls_even_expired(const std::filesystem::path& certificate_chain,
                                           const std::filesystem::path& private_key) {
  TlsContext context = make_context(TLS_server_method());
  SSL_CTX* const tls = context.get();
  if (auto used = use_chain_and_key(tls, certificate_chain, private_key); !used) {
    return used.error();
  }
  serve_with(tls);
  return context;
}

ContextResult make_server_tls(const std::filesystem::path& certificate_chain,
                              const std::filesystem::path& private_key) {
  auto context = make_server_tls_even_expired(certificate_chain, private_key);
  if (!context) return context;
  if (X509_cmp_current_time(X509_get0_notAfter(SSL_CTX_get0_certificate(context->get()))) < 0) {
    return TlsFileFailure(TlsFileError::kExpired, certificate_chain.string());
  }
  return context;
}

TlsContext make_temporary_server_tls(std::chrono::sys_seconds now) {
  crypto::SelfSignedOptions options;
  options.common_name = "couponhook: the configured certificate cannot be used";
  options.valid_from = now;
  const crypto::SelfSignedPair pair = crypto::make_self_signed(options);
  TlsContext context = make_context(TLS_server_method());
  const TlsBio certificate = bio_of(pair.certificate_pem);
  const TlsBio key = bio_of(pair.private_key_pem.reveal());
  const std::unique_ptr<X509, decltype(&X509_free)> x509(
      PEM_read_bio_X509(certificate.get(), nullptr, nullptr, nullptr), X509_free);
  const std::unique_ptr<EVP_PKEY, decltype(&EVP_PKEY_free)> private_key(
      PEM_read_bio_PrivateKey(key.get(), nullptr, nullptr, nullptr), EVP_PKEY_free);
  if (SSL_CTX_use_certificate(context.get(), x509.get()) != 1 ||
      SSL_CTX_use_PrivateKey(context.get(), private_key.get()) != 1) {
    ERR_clear_error();
    throw std::runtime_error("OpenSSL refuses a certificate that it has made");
  }
  serve_with(context.get());
  return context;
}

std::optional<std::chrono::sys_seconds> certificate_end(const TlsContext& context) {
  const X509* const certificate = context ? SSL_CTX_get0_certificate(context.get()) : nullptr;
  if (certificate == nullptr) return std::nullopt;
  std::tm time{};
  if (ASN1_TIME_to_tm(X509_get0_notAfter(certificate), &time) != 1) return std::nullopt;
  return std::chrono::sys_seconds(std::chrono::seconds(::timegm(&time)));
}

ContextResult make_client_tls(const std::filesystem::path& ca_file) {
  TlsContext context = make_context(TLS_client_method());
  SSL_CTX* const tls = context.get();
  SSL_CTX_set_default_verify_paths(tls);
  if (!ca_file.empty()) {
    if (auto trusted = trust_certificates(tls, ca_file); !trusted) {
      return trusted.error();
    }
  }
  SSL_CTX_set_verify(tls, SSL_VERIFY_PEER, nullptr);
  return context;
}

}  // namespace couponhook::server
