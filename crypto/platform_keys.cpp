#include "crypto/platform_keys.hpp"

#include <algorithm>
#include <ctime>
#include <iterator>
#include <utility>

#include <openssl/err.h>
#include <openssl/pem.h>

#include "base/ascii.hpp"
#include "crypto/pasted_text.hpp"
#include "crypto/pem.hpp"
#include "crypto/platform_key.hpp"
#include "crypto/unique_number.hpp"

namespace couponhook::crypto {
namespace {

constexpr std::string_view kPublicKeyIdPrefix = "PUB_KEY_ID_";
constexpr int kModulusBitsMax = 4096;

struct OpensslFree {
  void operator()(void* memory) const noexcept { OPENSSL_free(memory); }
};

// Returns a certificate's serial without leading zeros. The serial is a number, and some libraries
// print it with leading zeros. The id of a public key is returned unchanged, because it is a name
// in which every character counts.
std::string_view significant(std::string_view serial) {
  if (serial.empty() || !std::ranges::all_of(serial, base::is_hex_digit)) return serial;
  const std::size_t last = serial.size() - 1;
  return serial.substr(std::min(serial.find_first_not_of('0'), last));
}

std::string lookup_form(std::string_view serial) {
  std::string form{significant(serial)};
  std::ranges::transform(form, form.begin(), base::to_upper);
  return form;
}

std::string serial_of(const X509* certificate) {
  const BignumPtr number{require(ASN1_INTEGER_to_BN(X509_get0_serialNumber(certificate), nullptr),
                                 "reading a serial")};
  const std::unique_ptr<char, OpensslFree> hex{require(BN_bn2hex(number.get()), "BN_bn2hex")};
  return hex.get();
}

std::optional<std::chrono::sys_seconds> end_of_validity(const X509* certificate) {
  std::tm utc{};
  if (ASN1_TIME_to_tm(X509_get0_notAfter(certificate), &utc) != 1) return std::nullopt;
  using namespace std::chrono;
  const year_month_day date{year{utc.tm_year + 1900}, month{static_cast<unsigned>(utc.tm_mon + 1)},
                            day{static_cast<unsigned>(utc.tm_mday)}};
  return sys_days{date} + hours{utc.tm_hour} + minutes{utc.tm_min} + seconds{utc.tm_sec};
}

/// Reads the public key from a file that holds exactly one PEM block, of the kind PUBLIC KEY.
/// \return the key; null for any other file.
PkeyPtr read_public_key(std::string_view content) {
  const PemContent pem = read_pem(content);
  if (pem.blocks.size() != 1 || !pem.faults.empty()) return nullptr;
  const BioPtr bio = reading(pem.blocks.front().text);
  unsigned char* der = nullptr;
  long size = 0;
  // Ask OpenSSL for the PEM label PUBLIC KEY explicitly, because PEM_read_bio_PUBKEY would accept
  // other kinds of PEM blocks as well.
  if (PEM_bytes_read_bio(&der, &size, nullptr, PEM_STRING_PUBLIC, bio.get(), no_password,
                         nullptr) != 1) {
    return nullptr;
  }
  const std::unique_ptr<unsigned char, OpensslFree> owner{der};
  const unsigned char* end = der;
  PkeyPtr key{d2i_PUBKEY(nullptr, &end, size)};
  return end == der + size ? std::move(key) : nullptr;
}

bool is_public_key_id(std::string_view id) {
  const auto is_id_char = [](char c) { return base::is_alphanumeric(c) || c == '_'; };
  return id.starts_with(kPublicKeyIdPrefix) && id != kPublicKeyIdPrefix &&
         std::ranges::all_of(id, is_id_char);
}

boost::system::result<std::unique_ptr<PlatformKeys::Key>, KeyError> checked(PkeyPtr key,
                                                                            KeyInfo info) {
  // Check EVP_PKEY_get_base_id(), because it distinguishes plain RSA keys from RSA-PSS keys. An
  // RSA-PSS key must not be used with PKCS#1 v1.5 signatures.
  if (EVP_PKEY_get_base_id(key.get()) != EVP_PKEY_RSA) return KeyError::kNotRsa;
  const int bits = EVP_PKEY_get_bits(key.get());
  if (bits < kModulusBitsMin || bits > kModulusBitsMax) return KeyError::kWrongSize;
  const auto modulus_bytes = static_cast<std::size_t>(EVP_PKEY_get_size(key.get()));
  std::string lookup = lookup_form(info.serial);
  return std::make_unique<PlatformKeys::Key>(PlatformKeys::Key{
      std::move(key), std::move(info), std::move(lookup), modulus_bytes, unique_number()});
}

}  // namespace

std::string_view describe(KeyError error) {
  switch (error) {
    case KeyError::kNotPem:
      return "no PEM block of the expected kind that can be read";
    case KeyError::kNotRsa:
      return "not an RSA key";
    case KeyError::kWrongSize:
      return "an RSA modulus outside 2048 to 4096 bits";
    case KeyError::kBadId:
      return "a public key id is PUB_KEY_ID_ and digits behind it";
    case KeyError::kDuplicate:
      return "this key is loaded already";
    case KeyError::kConflict:
      return "another key with this serial is loaded already";
  }
  return "unknown error";
}

std::string_view to_string(KeyKind kind) {
  return kind == KeyKind::kCertificate ? "certificate" : "public_key";
}

bool is_same_serial(std::string_view one, std::string_view other) {
  return std::ranges::equal(significant(one), significant(other), {}, base::to_upper,
                            base::to_upper);
}

PlatformKeys::PlatformKeys() = default;
PlatformKeys::~PlatformKeys() = default;
PlatformKeys::PlatformKeys(PlatformKeys&&) noexcept = default;
PlatformKeys& PlatformKeys::operator=(PlatformKeys&&) noexcept = default;

boost::system::result<KeyInfo, KeyError> PlatformKeys::add_certificate(std::string_view pem) {
  const PemContent content = read_pem(pem);
  const auto block = std::ranges::find_if(content.blocks, &PemBlock::is_certificate);
  const BioPtr bio = reading(block == content.blocks.end() ? std::string_view() : block->text);
  const X509Ptr certificate{PEM_read_bio_X509(bio.get(), nullptr, no_password, nullptr)};
  const std::optional<std::chrono::sys_seconds> expires_at =
      certificate ? end_of_validity(certificate.get()) : std::nullopt;
  PkeyPtr key{certificate ? X509_get_pubkey(certificate.get()) : nullptr};
  ERR_clear_error();
  if (!key || !expires_at) return KeyError::kNotPem;

  auto made =
      checked(std::move(key), {serial_of(certificate.get()), KeyKind::kCertificate, expires_at});
  if (!made) return made.error();
  return add(std::move(*made));
}

AddedCertificates PlatformKeys::add_certificates(std::string_view content) {
  AddedCertificates result;
  const PemContent pem = read_pem(content);
  if (pem.blocks.empty() && pem.faults.empty()) {
    result.faults.push_back(describe_content(content));
    return result;
  }
  for (std::size_t i = 0; i < pem.blocks.size(); ++i) {
    const PemBlock& block = pem.blocks[i];
    const std::string place = place_of(pem, i);
    if (!block.is_certificate()) {
      result.faults.push_back(place + " is " + block.kind() + ", not a certificate");
      continue;
    }
    const auto added = add_certificate(block.text);
    if (added) {
      result.added.push_back(*added);
    } else if (added.error() == KeyError::kNotPem) {
      result.faults.push_back(
          place + " is not a certificate that can be decoded; it is incomplete or altered");
    } else if (added.error() != KeyError::kDuplicate) {
      result.faults.push_back(place + ": " + std::string(describe(added.error())));
    }
  }
  std::ranges::copy(pem.faults, std::back_inserter(result.faults));
  return result;
}

boost::system::result<KeyInfo, KeyError> PlatformKeys::add_public_key(std::string_view id,
                                                                      std::string_view pem) {
  if (!is_public_key_id(id)) return KeyError::kBadId;
  PkeyPtr key = read_public_key(pem);
  ERR_clear_error();
  if (!key) return KeyError::kNotPem;

  auto made = checked(std::move(key), {std::string{id}, KeyKind::kPublicKey, std::nullopt});
  if (!made) return made.error();
  return add(std::move(*made));
}

boost::system::result<KeyInfo, KeyError> PlatformKeys::add(std::unique_ptr<Key> key) {
  if (const Key* known = find(key->info.serial); known != nullptr) {
    const bool is_same = EVP_PKEY_eq(known->rsa.get(), key->rsa.get()) == 1;
    ERR_clear_error();
    return is_same ? KeyError::kDuplicate : KeyError::kConflict;
  }
  keys_.push_back(std::move(key));
  return keys_.back()->info;
}

void PlatformKeys::add_missing(const PlatformKeys& other) {
  for (const auto& key : other.keys_) {
    if (find(key->info.serial) != nullptr) continue;
    EVP_PKEY_up_ref(key->rsa.get());
    keys_.push_back(std::make_unique<Key>(
        Key{PkeyPtr(key->rsa.get()), key->info, key->lookup, key->modulus_bytes, key->number}));
  }
}

const PlatformKeys::Key* PlatformKeys::find(std::string_view serial) const {
  const std::string_view wanted = significant(serial);
  for (const auto& key : keys_) {
    if (std::ranges::equal(wanted, key->lookup, {}, base::to_upper)) return key.get();
  }
  return nullptr;
}

std::vector<KeyInfo> PlatformKeys::list() const {
  std::vector<KeyInfo> infos;
  infos.reserve(keys_.size());
  for (const auto& key : keys_) infos.push_back(key->info);
  return infos;
}

}  // namespace couponhook::crypto
