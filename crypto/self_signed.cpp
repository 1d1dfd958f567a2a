#include "crypto/self_signed.hpp"

#include <array>
#include <stdexcept>
#include <utility>

#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include "crypto/digest.hpp"
#include "crypto/openssl.hpp"
#include "crypto/random.hpp"

namespace couponhook::crypto {
namespace {

using SerialBytes = std::array<unsigned char, 20>;

PkeyPtr make_key(PairKind kind) {
  EVP_PKEY* const key = kind == PairKind::kEcP256
                            ? EVP_PKEY_Q_keygen(nullptr, nullptr, "EC", "P-256")
                            : EVP_PKEY_Q_keygen(nullptr, nullptr, "RSA", std::size_t{2048});
  return PkeyPtr{require(key, "EVP_PKEY_Q_keygen")};
}

// Returns a random serial for a certificate. A serial is positive and has at most 20 bytes (RFC
// 5280, section 4.1.2.2). The first byte is set so that the first hexadecimal digit is never 0 and
// all 40 digits are printed.
SerialBytes make_serial() {
  SerialBytes bytes{};
  system_random()(bytes);
  bytes[0] = static_cast<unsigned char>((bytes[0] & 0x3F) | 0x40);
  return bytes;
}

void set_serial(X509* certificate, const SerialBytes& bytes) {
  const BignumPtr number{
      require(BN_bin2bn(bytes.data(), static_cast<int>(bytes.size()), nullptr), "BN_bin2bn")};
  require(BN_to_ASN1_INTEGER(number.get(), X509_get_serialNumber(certificate)) != nullptr,
          "BN_to_ASN1_INTEGER");
}

void set_validity(X509* certificate, const SelfSignedOptions& options) {
  const std::chrono::sys_seconds until = options.valid_from + options.valid_for;
  require(ASN1_TIME_set(X509_getm_notBefore(certificate),
                        options.valid_from.time_since_epoch().count()) != nullptr &&
              ASN1_TIME_set(X509_getm_notAfter(certificate), until.time_since_epoch().count()) !=
                  nullptr,
          "setting the validity");
}

void set_name(X509* certificate, const std::string& common_name) {
  X509_NAME* const name = X509_get_subject_name(certificate);
  require(X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_UTF8,
                                     reinterpret_cast<const unsigned char*>(common_name.data()),
                                     static_cast<int>(common_name.size()), -1, 0) == 1,
          "setting the common name");
  require(X509_set_issuer_name(certificate, name) == 1, "X509_set_issuer_name");
}

void add_extension(X509* certificate, int nid, const std::string& value, const char* what) {
  X509V3_CTX context;
  X509V3_set_ctx_nodb(&context);
  X509V3_set_ctx(&context, certificate, certificate, nullptr, nullptr, 0);
  const X509ExtensionPtr extension{
      require(X509V3_EXT_conf_nid(nullptr, &context, nid, value.c_str()), what)};
  require(X509_add_ext(certificate, extension.get(), -1) == 1, what);
}

void add_extensions(X509* certificate, const std::vector<std::string>& alternative_names) {
  add_extension(certificate, NID_basic_constraints, "critical,CA:FALSE", "basicConstraints");
  add_extension(certificate, NID_key_usage, "critical,digitalSignature", "keyUsage");
  add_extension(certificate, NID_subject_key_identifier, "hash", "subjectKeyIdentifier");
  if (alternative_names.empty()) return;
  std::string joined;
  for (const std::string& name : alternative_names) {
    if (!joined.empty()) joined += ',';
    joined += name;
  }
  add_extension(certificate, NID_subject_alt_name, joined, "subjectAltName");
}

X509Ptr make_certificate(EVP_PKEY* key, const SerialBytes& serial,
                         const SelfSignedOptions& options) {
  X509Ptr certificate{require(X509_new(), "X509_new")};
  require(X509_set_version(certificate.get(), X509_VERSION_3) == 1, "X509_set_version");
  require(X509_set_pubkey(certificate.get(), key) == 1, "X509_set_pubkey");
  set_serial(certificate.get(), serial);
  set_validity(certificate.get(), options);
  set_name(certificate.get(), options.common_name);
  add_extensions(certificate.get(), options.alternative_names);
  require(X509_sign(certificate.get(), key, sha256_algorithm()) > 0, "X509_sign");
  return certificate;
}

// Returns the bytes that the function `write` writes into an OpenSSL BIO (byte stream). OpenSSL
// overwrites the BIO's memory with zeros when it frees the BIO.
template <typename Write>
std::string written(Write write) {
  const BioPtr bio{require(BIO_new(BIO_s_mem()), "BIO_new")};
  require(write(bio.get()) == 1, "writing PEM");
  char* data = nullptr;
  const long size = BIO_get_mem_data(bio.get(), &data);
  return {data, static_cast<std::size_t>(size)};
}

}  // namespace

SelfSignedPair make_self_signed(const SelfSignedOptions& options) {
  const PkeyPtr key = make_key(options.kind);
  const SerialBytes serial = make_serial();
  const X509Ptr certificate = make_certificate(key.get(), serial, options);

  SelfSignedPair pair;
  pair.certificate_pem =
      written([&](BIO* bio) { return PEM_write_bio_X509(bio, certificate.get()); });
  pair.private_key_pem = Secret{written([&](BIO* bio) {
    return PEM_write_bio_PKCS8PrivateKey(bio, key.get(), nullptr, nullptr, 0, nullptr, nullptr);
  })};
  pair.public_key_pem = written([&](BIO* bio) { return PEM_write_bio_PUBKEY(bio, key.get()); });
  pair.serial = to_hex(serial);
  for (char& digit : pair.serial) {
    if (digit >= 'a') digit = static_cast<char>(digit - 'a' + 'A');
  }
  return pair;
}

}  // namespace couponhook::crypto
