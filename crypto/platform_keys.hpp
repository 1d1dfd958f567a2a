#pragma once

/// \file
/// The set of platform keys: the public keys with which WeChat Pay's signatures are verified. Each
/// key is found by its serial.

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <boost/system/result.hpp>

namespace couponhook::crypto {

/// Reasons why a platform key (a public key of WeChat Pay) cannot be added to a set of keys.
enum class KeyError : std::uint8_t {
  /// The PEM text contains no block of the expected kind, or OpenSSL cannot read the block.
  kNotPem = 1,
  kNotRsa = 2,     ///< the key is not an RSA key; WECHATPAY2-SHA256-RSA2048 signatures need RSA
  kWrongSize = 3,  ///< the key's RSA modulus has less than 2048 or more than 4096 bits
  kBadId = 4,      ///< the id of the public key is empty or does not begin with PUB_KEY_ID_
  kDuplicate = 5,  ///< the set already contains this platform key under the same serial
  kConflict = 6,   ///< the set already contains a different platform key under the same serial
};
[[nodiscard]] std::string_view describe(KeyError error);

enum class KeyKind : std::uint8_t {
  /// The public key in a platform certificate of WeChat Pay. The serial of the key is the serial of
  /// the certificate.
  kCertificate,
  /// A WeChat Pay public key (微信支付公钥) without a certificate. Its serial is PUB_KEY_ID_
  /// followed by
  /// digits.
  kPublicKey,
};
[[nodiscard]] std::string_view to_string(KeyKind kind);

/// Returns true if two serials name the same platform key. Upper and lower case are not
/// distinguished, and leading zeros of a certificate's serial are ignored.
[[nodiscard]] bool is_same_serial(std::string_view one, std::string_view other);

/// Facts about a platform key (a public key of WeChat Pay) that may be shown to anybody.
struct KeyInfo {
  /// Serial of the platform key as WeChat Pay writes it: for a certificate, hexadecimal in upper
  /// case; otherwise the id of the public key.
  std::string serial;
  KeyKind kind;
  /// Time at which the platform certificate expires. Empty for a public key without a certificate,
  /// which never expires.
  std::optional<std::chrono::sys_seconds> expires_at;
};

/// Result of adding the certificates of a PEM file to a set of platform keys.
struct AddedCertificates {
  /// Facts about the platform keys whose certificates the set did not contain before, in the order
  /// of the file.
  std::vector<KeyInfo> added;
  /// An error message for each unusable PEM block of the file, with its line number.
  std::vector<std::string> faults;
};

/// A set of platform keys (public keys of WeChat Pay). Several keys are valid at the same time:
/// while WeChat Pay replaces a certificate, the old and the new one are valid. While WeChat Pay
/// moves a merchant from certificates to a public key, which takes days, some notifications are
/// signed with the one and some with the other kind of key.
///
/// Fill the set first, then share it as const: find() is thread-safe, the add functions are not.
class PlatformKeys {
 public:
  struct Key;  // one platform key with its OpenSSL object; verify_signature() uses it

  PlatformKeys();
  ~PlatformKeys();
  PlatformKeys(PlatformKeys&&) noexcept;
  PlatformKeys& operator=(PlatformKeys&&) noexcept;

  /// Adds the first certificate of a PEM text to the set. The serial is read from the certificate.
  /// Expired certificates are accepted here, because only the signature verifier knows the current
  /// time.
  /// \return facts about the added key, or the reason why it cannot be added.
  [[nodiscard]] boost::system::result<KeyInfo, KeyError> add_certificate(std::string_view pem);

  /// Adds every certificate of a PEM file to the set. Every PEM block that is not a usable
  /// certificate is reported as a fault, with the reason, and so is a file without any PEM block. A
  /// certificate that is already in the set is not a fault.
  [[nodiscard]] AddedCertificates add_certificates(std::string_view content);

  /// Adds a WeChat Pay public key (PEM, SubjectPublicKeyInfo) to the set.
  /// \param id id of the public key, with its prefix PUB_KEY_ID_.
  /// \return facts about the added key, or the reason why it cannot be added.
  [[nodiscard]] boost::system::result<KeyInfo, KeyError> add_public_key(std::string_view id,
                                                                        std::string_view pem);

  /// Copies keys from another set: those whose serials are missing in this set.
  void add_missing(const PlatformKeys& other);

  /// Finds the platform key with the serial that a Wechatpay-Serial header contains. Serials are
  /// compared as in is_same_serial().
  /// \return the key; null if the set has no such key. The pointer is valid while the set lives.
  [[nodiscard]] const Key* find(std::string_view serial) const;

  [[nodiscard]] std::vector<KeyInfo> list() const;
  [[nodiscard]] bool empty() const { return keys_.empty(); }

 private:
  boost::system::result<KeyInfo, KeyError> add(std::unique_ptr<Key> key);

  // A set of platform keys has only a few keys, so searching a vector is faster than a map.
  std::vector<std::unique_ptr<Key>> keys_;
};

}  // namespace couponhook::crypto
