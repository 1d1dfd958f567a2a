#include "server/doctor/certificate_facts.hpp"

#include <memory>
#include <vector>

#include <openssl/bn.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <openssl/x509_vfy.h>
#include <openssl/x509v3.h>

#include "crypto/digest.hpp"
#include "crypto/file.hpp"
#include "crypto/pem.hpp"

namespace couponhook::server {
namespace {

template <auto kFree>
struct Free {
  template <typename T>
  void operator()(T* object) const {
    kFree(object);
  }
};
using Bio = std::unique_ptr<BIO, Free<BIO_free>>;
using Certificate = std::unique_ptr<X509, Free<X509_free>>;
using Key = std::unique_ptr<EVP_PKEY, Free<EVP_PKEY_free>>;

/// Frees an OpenSSL stack of certificates. Free<> needs a function, but sk_X509_free is a macro and
/// cannot be a template argument.
void free_stack(STACK_OF(X509) * stack) {
  sk_X509_free(stack);
}

/// Content of a PEM file, in the form that OpenSSL reads. The destructor wipes the content from
/// memory.
class PemFile {
 public:
  explicit PemFile(const std::filesystem::path& file) {
    auto content = crypto::read_file(file);
    if (content) content_ = std::move(*content);
    for (const crypto::PemBlock& block : crypto::read_pem(content_.reveal()).blocks) {
      public_blocks_ += block.text;
    }
    public_bio_.reset(
        BIO_new_mem_buf(public_blocks_.data(), static_cast<int>(public_blocks_.size())));
    bio_.reset(BIO_new_mem_buf(content_.reveal().data(), static_cast<int>(content_.size())));
  }
  ~PemFile() { ERR_clear_error(); }
  PemFile(const PemFile&) = delete;
  PemFile& operator=(const PemFile&) = delete;

  Certificate next_certificate() {
    return Certificate(PEM_read_bio_X509(public_bio_.get(), nullptr, nullptr, nullptr));
  }
  Key public_key() {
    return Key(PEM_read_bio_PUBKEY(public_bio_.get(), nullptr, nullptr, nullptr));
  }
  Key private_key() {
    // Pass an empty password, so that OpenSSL does not ask for one on the terminal.
    static char no_password[] = "";
    return Key(PEM_read_bio_PrivateKey(bio_.get(), nullptr, nullptr, no_password));
  }

 private:
  crypto::Secret content_;
  std::string public_blocks_;
  Bio bio_;
  Bio public_bio_;
};

std::string digest_of(const EVP_PKEY* key) {
  if (key == nullptr) return {};
  unsigned char* der = nullptr;
  const int size = i2d_PUBKEY(key, &der);
  if (size <= 0) return {};
  const std::string_view bytes(reinterpret_cast<const char*>(der), static_cast<std::size_t>(size));
  std::string digest = crypto::to_hex(crypto::sha256(bytes));
  OPENSSL_free(der);
  return digest;
}

std::chrono::sys_seconds to_time(const ASN1_TIME* asn1) {
  std::tm time{};
  ASN1_TIME_to_tm(asn1, &time);
  return std::chrono::sys_seconds(std::chrono::seconds(::timegm(&time)));
}

std::chrono::sys_seconds begin_of(const X509* certificate) {
  return to_time(X509_get0_notBefore(certificate));
}

std::chrono::sys_seconds end_of(const X509* certificate) {
  return to_time(X509_get0_notAfter(certificate));
}

std::string serial_of(const X509* certificate) {
  const std::unique_ptr<BIGNUM, Free<BN_free>> number(
      ASN1_INTEGER_to_BN(X509_get0_serialNumber(certificate), nullptr));
  char* text = BN_bn2hex(number.get());
  std::string serial(text != nullptr ? text : "");
  OPENSSL_free(text);
  return serial;
}

std::string common_name_of(const X509* certificate) {
  std::string name(256, '\0');
  const int size = X509_NAME_get_text_by_NID(X509_get_subject_name(certificate), NID_commonName,
                                             name.data(), static_cast<int>(name.size()));
  name.resize(size > 0 ? static_cast<std::size_t>(size) : 0);
  return name;
}

/// Verifies a server's certificate chain with the system's CA certificates.
/// \param chain the certificates, the server's own certificate first.
/// \return the error; empty if the chain is valid.
std::string verify(const std::vector<Certificate>& chain) {
  const std::unique_ptr<X509_STORE, Free<X509_STORE_free>> roots(X509_STORE_new());
  const std::unique_ptr<X509_STORE_CTX, Free<X509_STORE_CTX_free>> context(X509_STORE_CTX_new());
  const std::unique_ptr<STACK_OF(X509), Free<free_stack>> between(sk_X509_new_null());
  for (std::size_t i = 1; i < chain.size(); ++i) sk_X509_push(between.get(), chain[i].get());
  X509_STORE_set_default_paths(roots.get());
  X509_STORE_CTX_init(context.get(), roots.get(), chain.front().get(), between.get());
  X509_STORE_CTX_set_purpose(context.get(), X509_PURPOSE_SSL_SERVER);
  if (X509_verify_cert(context.get()) == 1) return {};
  return X509_verify_cert_error_string(X509_STORE_CTX_get_error(context.get()));
}

}  // namespace

std::vector<CertificateFacts> certificate_facts(const std::filesystem::path& file) {
  std::vector<CertificateFacts> all;
  PemFile pem(file);
  while (const Certificate certificate = pem.next_certificate()) {
    all.push_back({file.string(), serial_of(certificate.get()), common_name_of(certificate.get()),
                   digest_of(X509_get0_pubkey(certificate.get())), end_of(certificate.get()),
                   begin_of(certificate.get())});
  }
  return all;
}

std::optional<TlsFacts> tls_facts(const std::filesystem::path& file) {
  PemFile pem(file);
  std::vector<Certificate> chain;
  while (Certificate certificate = pem.next_certificate()) chain.push_back(std::move(certificate));
  if (chain.empty()) return std::nullopt;
  X509* const server = chain.front().get();
  TlsFacts facts{file.string(),
                 end_of(server),
                 chain.size(),
                 X509_NAME_cmp(X509_get_subject_name(server), X509_get_issuer_name(server)) == 0,
                 verify(chain),
                 begin_of(server)};
  for (std::size_t i = chain.size() - 1; i > 0; --i) {
    X509* const issuer = chain[i].get();
    if (X509_check_issued(issuer, chain[i - 1].get()) != X509_V_OK) facts.out_of_order = i + 1;
    if (X509_cmp_current_time(X509_get0_notAfter(issuer)) < 0) facts.expired_issuer = i + 1;
  }
  return facts;
}

std::string public_key_digest(const std::filesystem::path& file) {
  return digest_of(PemFile(file).public_key().get());
}

std::string private_key_digest(const std::filesystem::path& file) {
  return digest_of(PemFile(file).private_key().get());
}

}  // namespace couponhook::server
