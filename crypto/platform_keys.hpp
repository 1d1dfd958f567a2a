#pragma once

/// \file
/// The keys that WeChat Pay may have signed with, by serial.

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <boost/system/result.hpp>

namespace couponhook::crypto {

/// Why a platform key could not be added.
enum class KeyError : std::uint8_t {
  kNotPem = 1,     ///< no PEM block of the expected kind, or one that OpenSSL cannot read
  kNotRsa = 2,     ///< a key of another kind; WECHATPAY2-SHA256-RSA2048 needs RSA
  kWrongSize = 3,  ///< an RSA modulus outside 2048 to 4096 bits
  kBadId = 4,      ///< a public key id that is empty or does not begin with PUB_KEY_ID_
  kDuplicate = 5,  ///< the key is in the set already, under this serial
  kConflict = 6,   ///< the set has another key under this serial
};
[[nodiscard]] std::string_view describe(KeyError error);

enum class KeyKind : std::uint8_t {
  kCertificate,  ///< a platform certificate; its serial is the certificate's
  kPublicKey,    ///< a WeChat Pay public key; its serial is PUB_KEY_ID_ and digits
};
[[nodiscard]] std::string_view to_string(KeyKind kind);

/// Whether two serials name one key: neither letter case nor a certificate's leading zeros matter.
[[nodiscard]] bool is_same_serial(std::string_view one, std::string_view other);

/// What may be told about a key.
struct KeyInfo {
  std::string serial;  ///< as WeChat Pay writes it: upper-case hexadecimal, or the public key id
  KeyKind kind;
  /// End of validity of a certificate; public keys do not expire.
  std::optional<std::chrono::sys_seconds> expires_at;
};

/// Result of reading a file of certificates.
struct AddedCertificates {
  std::vector<KeyInfo> added;       ///< new to the set, in the file's order
  std::vector<std::string> faults;  ///< each block that will not do, with its line
};

/// A set of platform keys, several live at once: certificates overlap at rollover, and certificates
/// and public keys arrive interleaved for days while WeChat Pay migrates a merchant.
///
/// Fill it, then share it as const: find() is thread-safe, the add functions are not.
class PlatformKeys {
 public:
  struct Key;  // holds the OpenSSL key; verified with by SignatureVerifier

  PlatformKeys();
  ~PlatformKeys();
  PlatformKeys(PlatformKeys&&) noexcept;
  PlatformKeys& operator=(PlatformKeys&&) noexcept;

  /// Adds a platform certificate (the first in a PEM text); the serial is read from it. Expired
  /// certificates are accepted here: whether to use one is the verifier's question, with the time
  /// at hand.
  [[nodiscard]] boost::system::result<KeyInfo, KeyError> add_certificate(std::string_view pem);

  /// Adds every certificate of a PEM file, and says of each other block that it is none, or what is
  /// wrong with it. Where the file holds no block at all that is its one fault. Those that are in
  /// the set already are no fault.
  [[nodiscard]] AddedCertificates add_certificates(std::string_view content);

  /// Adds a WeChat Pay public key (PEM, SubjectPublicKeyInfo) under its id, prefix included.
  [[nodiscard]] boost::system::result<KeyInfo, KeyError> add_public_key(std::string_view id,
                                                                        std::string_view pem);

  /// Takes over the keys of another set whose serials this one lacks.
  void add_missing(const PlatformKeys& other);

  /// Finds by the Wechatpay-Serial header, as is_same_serial() compares.
  /// \return null where no such key is loaded; valid while this object lives.
  [[nodiscard]] const Key* find(std::string_view serial) const;

  [[nodiscard]] std::vector<KeyInfo> list() const;
  [[nodiscard]] bool empty() const { return keys_.empty(); }

 private:
  boost::system::result<KeyInfo, KeyError> add(std::unique_ptr<Key> key);

  std::vector<std::unique_ptr<Key>> keys_;  // a handful: a scan beats a map
};

}  // namespace couponhook::crypto
