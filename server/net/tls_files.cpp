#include "server/net/tls_files.hpp"

#include <algorithm>
#include <memory>
#include <vector>

#include <openssl/err.h>
#include <openssl/pem.h>

#include "crypto/file.hpp"
#include "crypto/pasted_text.hpp"
#include "crypto/pem.hpp"

namespace couponhook::server {
namespace {

using Used = boost::system::result<void, TlsFileFailure>;
template <typename T>
using Read = boost::system::result<T, TlsFileFailure>;
using ChainCertificate = std::unique_ptr<X509, void (*)(X509*)>;
using ServerKey = std::unique_ptr<EVP_PKEY, void (*)(EVP_PKEY*)>;
using MemoryBio = std::unique_ptr<BIO, int (*)(BIO*)>;

MemoryBio memory_bio(std::string_view text) {
  return {BIO_new_mem_buf(text.data(), static_cast<int>(text.size())), BIO_free};
}

/// Refuses a private key that needs a password. OpenSSL's own callback would ask for the password
/// at the terminal.
int no_passphrase(char* /*buffer*/, int /*size*/, int /*writing*/, void* /*user*/) {
  return -1;
}

TlsFileFailure unreadable(const std::filesystem::path& file, std::string why) {
  return {TlsFileError::kUnreadable, file.string(), std::move(why)};
}

/// Reads all certificates of a PEM file.
/// \param purpose the certificates that the file should hold, for the error message if it has none.
Read<std::vector<ChainCertificate>> read_certificates(const std::filesystem::path& file,
                                                      std::string_view purpose) {
  const auto content = crypto::read_file(file);
  if (!content) return unreadable(file, content.error().text());
  const crypto::PemContent pem = crypto::read_pem(content->reveal());
  if (!pem.faults.empty()) return unreadable(file, pem.faults.front());
  std::vector<ChainCertificate> certificates;
  for (std::size_t i = 0; i < pem.blocks.size(); ++i) {
    // PEM blocks that are no certificates are skipped: the file may also hold the private key.
    if (!pem.blocks[i].is_certificate()) continue;
    const MemoryBio bio = memory_bio(pem.blocks[i].text);
    ChainCertificate certificate(PEM_read_bio_X509(bio.get(), nullptr, no_passphrase, nullptr),
                                 X509_free);
    if (!certificate) {
      return TlsFileFailure(TlsFileError::kBadCertificate, file.string(), crypto::place_of(pem, i));
    }
    certificates.push_back(std::move(certificate));
  }
  if (certificates.empty()) {
    return TlsFileFailure(TlsFileError::kNoCertificate, file.string(),
                          crypto::describe_content(content->reveal()), std::string(purpose));
  }
  return Read<std::vector<ChainCertificate>>(boost::system::in_place_value,
                                             std::move(certificates));
}

Read<ServerKey> read_key(const std::filesystem::path& file) {
  const auto content = crypto::read_file(file);
  if (!content) return unreadable(file, content.error().text());
  std::string_view text = content->reveal();
  if (text.starts_with(crypto::kByteOrderMark)) text.remove_prefix(crypto::kByteOrderMark.size());
  const MemoryBio bio = memory_bio(text);
  ServerKey key(PEM_read_bio_PrivateKey(bio.get(), nullptr, no_passphrase, nullptr), EVP_PKEY_free);
  if (key) return Read<ServerKey>(boost::system::in_place_value, std::move(key));
  return TlsFileFailure(TlsFileError::kNoKey, file.string(), crypto::describe_content(text));
}

bool belong_together(const ChainCertificate& certificate, const ServerKey& key) {
  return X509_check_private_key(certificate.get(), key.get()) == 1;
}

TlsFileFailure explain_mismatch(const std::vector<ChainCertificate>& chain, const ServerKey& key,
                                const std::filesystem::path& chain_file,
                                const std::filesystem::path& key_file) {
  const auto owner = std::ranges::find_if(
      chain, [&](const ChainCertificate& each) { return belong_together(each, key); });
  if (owner == chain.end()) {
    return {TlsFileError::kKeyOfAnother, key_file.string(), chain_file.string()};
  }
  return {TlsFileError::kWrongOrder, chain_file.string(), key_file.string(),
          std::to_string(owner - chain.begin() + 1)};
}

}  // namespace

std::string_view describe(TlsFileError error) {
  switch (error) {
    case TlsFileError::kUnreadable:
      return "{}: {}";
    case TlsFileError::kNoCertificate:
      return "{}: holds no readable PEM certificates: it {}; give {}";
    case TlsFileError::kBadCertificate:
      return "{}: {} is not a certificate that can be decoded; it is incomplete or altered";
    case TlsFileError::kNoKey:
      return "{}: is not a private key that can be read without a password: it {}; give the PEM "
             "key "
             "that the certificate was made for";
    case TlsFileError::kKeyOfAnother:
      return "{}: does not belong to the certificate in {}; give the key that the certificate was "
             "made for";
    case TlsFileError::kWrongOrder:
      return "{}: the server's own certificate, which {} belongs to, is number {} in the file; put "
             "it first, and each issuer's below the one it signed";
    case TlsFileError::kRefusedByOpenssl:
      return "{}: OpenSSL refuses the certificate: {}; use RSA of 2048 bits or more, or P-256";
    case TlsFileError::kExpired:
      return "{}: has expired, so clients that verify it, such as WeChat Pay, will not connect; "
             "renew the certificate";
  }
  return "unknown error";
}

Used use_chain_and_key(SSL_CTX* context, const std::filesystem::path& certificate_chain,
                       const std::filesystem::path& private_key) {
  const auto fail = [](TlsFileFailure failure) {
    ERR_clear_error();
    return Used(std::move(failure));
  };
  auto chain = read_certificates(
      certificate_chain, "the PEM file of the server's certificate, with its issuers' below it");
  if (!chain) return fail(chain.error());
  auto key = read_key(private_key);
  if (!key) return fail(key.error());
  if (!belong_together(chain->front(), *key)) {
    return fail(explain_mismatch(*chain, *key, certificate_chain, private_key));
  }
  bool used = SSL_CTX_use_certificate(context, chain->front().get()) == 1 &&
              SSL_CTX_use_PrivateKey(context, key->get()) == 1;
  for (std::size_t i = 1; used && i < chain->size(); ++i) {
    used = SSL_CTX_add1_chain_cert(context, (*chain)[i].get()) == 1;
  }
  if (used) return Used();
  return fail({TlsFileError::kRefusedByOpenssl, certificate_chain.string(),
               ERR_reason_error_string(ERR_peek_last_error())});
}

Used trust_certificates(SSL_CTX* context, const std::filesystem::path& file) {
  const auto trusted = read_certificates(file, "the PEM file of those to trust");
  if (!trusted) {
    ERR_clear_error();
    return trusted.error();
  }
  X509_STORE* const store = SSL_CTX_get_cert_store(context);
  // X509_STORE_add_cert() accepts a certificate that the X509_STORE already has. The function fails
  // only if there is no memory left.
  for (const ChainCertificate& each : *trusted) X509_STORE_add_cert(store, each.get());
  ERR_clear_error();
  return Used();
}

}  // namespace couponhook::server
