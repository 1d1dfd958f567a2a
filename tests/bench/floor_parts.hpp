#pragma once

/// \file
/// Measures the work that every receiver must do for one notification. Each part of the work calls
/// OpenSSL, RapidJSON or SQLite directly and uses no code of couponhook, because couponhook's cost
/// is compared with the result.
///
/// An optimisation that was rejected: a custom file layer (VFS) of SQLite that wrote the header and
/// the page of a WAL frame with one system call. It saved 3 to 4 % of couponhook's CPU time (182
/// instead of 188 µs for a notification, six interleaved rounds). But it kept a header in memory
/// until the next call on the file, and lost acknowledged notifications after a large purge and a
/// crash. No saving justifies custom code between the database and the disk.

#include <cstddef>
#include <filesystem>
#include <memory>

#include <openssl/evp.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>

namespace couponhook::bench {

/// Sizes, in bytes, of the notification with which all published figures were measured: a body of
/// 1.5 KB that contains an encrypted part of 0.9 KB in base64.
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

/// Throws an exception if `ok` is false.
/// \throws std::runtime_error with `what` in its text.
void require(bool ok, const char* what);

// Each of the next functions does one part of the work of receiving a notification, and returns its
// CPU time for one notification in microseconds.

/// Measures the SHA-256 hash of the body and the RSA-2048 verification of its signature. All calls
/// use the same key and the same OpenSSL contexts.
[[nodiscard]] double rsa_verify();
/// Measures the AES-256-GCM decryption of the notification's encrypted part. All calls use the same
/// OpenSSL context and key; only the nonce changes.
[[nodiscard]] double aes_gcm_open();
/// Measures the parsing of the notification's body with RapidJSON (ParseInsitu).
[[nodiscard]] double json_parse();
/// Measures the base64 decoding of the signature and of the encrypted part, with lookup tables.
[[nodiscard]] double base64_decode();

/// Measures one request and reply over TLS 1.3 on an open loopback connection. The result is the
/// CPU time of the server: one thread that waits with epoll and parses nothing.
[[nodiscard]] double tls_exchange();
/// Measures one request and reply over TLS 1.3 on a new connection: accepting the connection, a
/// full handshake with a P-256 certificate, and closing the connection.
[[nodiscard]] double tls_connection();

/// Measures the insertion of one row of 1 KB into an SQLite table with an integer key and a small
/// unique index, in WAL mode with synchronous=FULL.
/// \param directory folder in which the database file is created and removed again.
[[nodiscard]] double sqlite_row(const std::filesystem::path& directory);

}  // namespace couponhook::bench
