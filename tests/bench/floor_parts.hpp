#pragma once

/// \file
/// The work that every receiver must do for one notification, each part done by the plain library.
/// No couponhook code is used here, because couponhook is compared with these costs.
///
/// Rejected: a custom SQLite VFS that wrote the header and page of a WAL frame in one call. It
/// saved 3 to 4 % of the service's CPU (182 instead of 188 us a notification, six interleaved
/// rounds). But it kept a header in memory until the next call on the file, and lost acknowledged
/// notifications after a large purge and a crash. No saving justifies custom code between the
/// database and the disk.

#include <cstddef>
#include <filesystem>
#include <memory>

#include <openssl/evp.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>

namespace couponhook::bench {

/// Sizes of the notification used for all published figures: a body of 1.5 KB, a ciphertext of 0.9
/// KB.
inline constexpr std::size_t kBodyBytes = 1500;
inline constexpr std::size_t kCiphertextBytes = 900;
/// Size of the request's head, with all headers that WeChat Pay sends.
inline constexpr std::size_t kHeadBytes = 750;
inline constexpr std::size_t kConnections = 16;
inline constexpr std::size_t kRowsPerCommit = 16;

template <auto kFree>
struct FreedBy {
  template <typename T>
  void operator()(T* object) const noexcept {
    kFree(object);
  }
};
using PkeyPtr = std::unique_ptr<EVP_PKEY, FreedBy<EVP_PKEY_free>>;
using PkeyContextPtr = std::unique_ptr<EVP_PKEY_CTX, FreedBy<EVP_PKEY_CTX_free>>;
using DigestContextPtr = std::unique_ptr<EVP_MD_CTX, FreedBy<EVP_MD_CTX_free>>;
using CipherContextPtr = std::unique_ptr<EVP_CIPHER_CTX, FreedBy<EVP_CIPHER_CTX_free>>;
using X509Ptr = std::unique_ptr<X509, FreedBy<X509_free>>;
using TlsPtr = std::unique_ptr<SSL_CTX, FreedBy<SSL_CTX_free>>;
using SslPtr = std::unique_ptr<SSL, FreedBy<SSL_free>>;

/// \throws std::runtime_error with the text `what` if `ok` is false.
void require(bool ok, const char* what);

// Each function returns the CPU time for one notification in microseconds.

/// SHA-256 of the body and RSA-2048 verification of its signature. Key and contexts are reused.
[[nodiscard]] double rsa_verify();
/// AES-256-GCM decryption of the ciphertext. Context and key are reused; only the nonce changes.
[[nodiscard]] double aes_gcm_open();
/// Parsing of the envelope with RapidJSON, in situ.
[[nodiscard]] double json_parse();
/// Base64 decoding of the signature and the ciphertext, with lookup tables.
[[nodiscard]] double base::base64_decode();

/// One TLS 1.3 request and reply over loopback on an open connection. The cost is that of the
/// server: one thread with an epoll loop, without any parsing.
[[nodiscard]] double tls_exchange();
/// One TLS 1.3 request and reply on a new connection: accept, full handshake with a P-256
/// certificate, close.
[[nodiscard]] double tls_connection();

/// Insertion of one row of 1 KB with an integer key and a small unique index; WAL,
/// synchronous=FULL.
/// \param directory the database file is created here, and removed again.
[[nodiscard]] double sqlite_row(const std::filesystem::path& directory);

}  // namespace couponhook::bench
