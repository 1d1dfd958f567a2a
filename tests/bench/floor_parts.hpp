#pragma once

/// \file
/// Measures the work that every receiver must do for one notification: each part is done by calling
/// OpenSSL, RapidJSON or SQLite directly. No code of couponhook is used, because couponhook's cost
/// is compared with these costs.
///
/// Rejected optimisation: a custom SQLite VFS that wrote the header and the page of a WAL frame
/// with one system call. It saved 3 to 4 % of couponhook's CPU time (182 instead of 188 µs for a
/// notification, six interleaved rounds). But it kept a header in memory until the next call on the
/// file, and lost acknowledged notifications after a large purge and a crash. No saving justifies
/// custom code between the database and the disk.

#include <cstddef>
#include <filesystem>
#include <memory>

#include <openssl/evp.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>

namespace couponhook::bench {

/// Sizes, in bytes, of the notification that is used for all published figures: a body of 1.5 KB
/// that contains an encrypted part of 0.9 KB in Base64.
inline constexpr std::size_t kBodyBytes = 1500;
inline constexpr std::size_t kCiphertextBytes = 900;
/// Size, in bytes, of the request line and the headers that WeChat Pay sends with a notification.
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

/// \throws std::runtime_error with `what` in its text if `ok` is false.
void require(bool ok, const char* what);

// Each of these functions does one part of the work of receiving a notification, and returns the
// CPU time for one notification in microseconds.

/// Measures the SHA-256 hash of the body and the RSA-2048 verification of its signature. The key
/// and OpenSSL's contexts are reused.
[[nodiscard]] double rsa_verify();
/// Measures the AES-256-GCM decryption of the notification's encrypted part. OpenSSL's context and
/// the key are reused; only the nonce changes.
[[nodiscard]] double aes_gcm_open();
/// Measures the parsing of the notification's body with RapidJSON (ParseInsitu).
[[nodiscard]] double json_parse();
/// Measures the Base64 decoding of the signature and of the encrypted part, with lookup tables.
[[nodiscard]] double base64_decode();

/// Measures one request and reply over TLS 1.3 on an open connection over loopback. The cost is the
/// CPU time of the server: one thread with an epoll loop, without any parsing.
[[nodiscard]] double tls_exchange();
/// Measures one request and reply over TLS 1.3 on a new connection: accept, full handshake with a
/// P-256 certificate, close.
[[nodiscard]] double tls_connection();

/// Measures the insertion of one SQLite row of 1 KB, with an integer key and a small unique index,
/// in WAL mode with synchronous=FULL.
/// \param directory folder in which the database file is created and removed again.
[[nodiscard]] double sqlite_row(const std::filesystem::path& directory);

}  // namespace couponhook::bench
