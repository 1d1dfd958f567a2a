#pragma once

/// \file
/// The set of public keys with which WeChat Pay may sign, found by serial.

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <boost/system/result.hpp>

namespace couponhook::crypto {

/// Reasons why a platform key cannot be added.
enum class KeyError : std::uint8_t {
  kNotPem = 1,     ///< no PEM block of the expected kind, or OpenSSL cannot read the block
  kNotRsa = 2,     ///< not an RSA key; WECHATPAY2-SHA256-RSA2048 signatures need RSA
  kWrongSize = 3,  ///< an RSA modulus of less than 2048 or more than 4096 bits
  kBadId = 4,      ///< a public key id that is empty or does not begin with PUB_KEY_ID_
  kDuplicate = 5,  ///< the set already has this key under this serial
  kConflict = 6,   ///< the set already has a different key under this serial
};
[[nodiscard]] std::string_view describe(KeyError error);

enum class KeyKind : std::uint8_t {
  kCertificate,  ///< a platform certificate; its serial is the certificate's serial
  kPublicKey,    ///< a WeChat Pay public key; its serial is PUB_KEY_ID_ followed by digits
};
[[nodiscard]] std::string_view to_string(KeyKind kind);

/// Returns true if two serials name the same key. Letter case is ignored, and so are leading zeros
/// of a certificate's serial.
[[nodiscard]] bool is_same_serial(std::string_view one, std::string_view other);

/// Facts about a key that are safe to show.
struct KeyInfo {
  std::string serial;  ///< as WeChat Pay writes it: upper-case hexadecimal, or the public key id
  KeyKind kind;
  /// End of validity of a certificate. Public keys do not expire.
  std::optional<std::chrono::sys_seconds> expires_at;
};

/// Result of PlatformKeys::add_certificates().
struct AddedCertificates {
  std::vector<KeyInfo> added;       ///< certificates that are new in the set, in the file's order
  std::vector<std::string> faults;  ///< a message for each unusable block, with its line
};

/// A set of platform keys. Several keys are valid at the same time: old and new certificates
/// overlap while WeChat Pay replaces them, and notifications signed with certificates and with
/// public keys arrive mixed for days while WeChat Pay migrates a merchant.
///
/// Fill the set first, then share it as const: find() is thread-safe, the add functions are not.
class PlatformKeys {
 public:
  struct Key;  // the OpenSSL key, used by verify_signature()

  PlatformKeys();
  ~PlatformKeys();
  PlatformKeys(PlatformKeys&&) noexcept;
  PlatformKeys& operator=(PlatformKeys&&) noexcept;

  /// Adds the first certificate of a PEM text. The serial is read from the certificate. Expired
  /// certificates are accepted here, because only the verifier knows the current time.
  [[nodiscard]] boost::system::result<KeyInfo, KeyError> add_certificate(std::string_view pem);

  /// Adds every certificate of a PEM file. Reports each other block as a fault, with the reason. A
  /// file without any block is one fault. A certificate that is already in the set is not a fault.
  [[nodiscard]] AddedCertificates add_certificates(std::string_view content);

  /// Adds a WeChat Pay public key (PEM, SubjectPublicKeyInfo) under its id, which includes the
  /// prefix PUB_KEY_ID_.
  [[nodiscard]] boost::system::result<KeyInfo, KeyError> add_public_key(std::string_view id,
                                                                        std::string_view pem);

  /// Copies the keys of another set whose serials are missing in this set.
  void add_missing(const PlatformKeys& other);

  /// Finds a key by the value of the Wechatpay-Serial header, compared as is_same_serial() does.
  /// \return null if the set has no such key. The pointer is valid while this object lives.
  [[nodiscard]] const Key* find(std::string_view serial) const;

  [[nodiscard]] std::vector<KeyInfo> list() const;
  [[nodiscard]] bool empty() const { return keys_.empty(); }

 private:
  boost::system::result<KeyInfo, KeyError> add(std::unique_ptr<Key> key);

  std::vector<std::unique_ptr<Key>> keys_;  // few keys: a scan is faster than a map
};

}  // namespace couponhook::crypto
