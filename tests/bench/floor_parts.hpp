#pragma once

/// \file
/// The work that no service can do without for one notification, each part by the bare library.
/// Nothing of ours is in here: it is what ours is compared with.
///
/// Given up: a custom SQLite VFS that wrote a log frame's header and page in one call saved 3 to 4
/// % of the service's CPU (182 against 188 us a notification, six interleaved rounds). It kept a
/// header in memory until the next call on the file, and lost acknowledged notifications after a
/// large purge and a crash. No saving is worth code of ours between the database and the disk.

#include <cstddef>
#include <filesystem>
#include <memory>

#include <openssl/evp.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>

namespace couponhook::bench {

/// The notification that performance is told of: a body of 1.5 KB, a ciphertext of 0.9 KB.
inline constexpr std::size_t kBodyBytes = 1500;
inline constexpr std::size_t kCiphertextBytes = 900;
/// The request's head, with all that WeChat Pay puts there.
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

/// \throws std::runtime_error naming `what` unless `ok`.
void require(bool ok, const char* what);

// Each gives CPU microseconds for one notification.

/// SHA-256 of the body and an RSA-2048 verification of it, key and contexts reused.
[[nodiscard]] double rsa_verify();
/// AES-256-GCM of the ciphertext; context and key kept, so that only the nonce is set anew.
[[nodiscard]] double aes_gcm_open();
/// RapidJSON, in situ, of the envelope.
[[nodiscard]] double json_parse();
/// base64 of signature and ciphertext, by tables.
[[nodiscard]] double base::base64_decode();

/// A TLS 1.3 request and its reply over loopback on a connection that stays open; the server's side
/// of it, one thread with an epoll loop that parses nothing.
[[nodiscard]] double tls_exchange();
/// The same on a connection of its own: accept, full handshake with a P-256 certificate, close.
[[nodiscard]] double tls_connection();

/// A row of 1 KB under an integer key, found by a small unique index; WAL, synchronous=FULL.
/// \param directory where the file is made, and removed again.
[[nodiscard]] double sqlite_row(const std::filesystem::path& directory);

}  // namespace couponhook::bench
