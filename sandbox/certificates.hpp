#pragma once

/// \file
/// Signing keys of the simulated WeChat Pay, and their rollover.

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "crypto/signer.hpp"
#include "sandbox/records.hpp"
#include "sandbox/seeded_random.hpp"

namespace couponhook::server::sandbox {

/// A key that the platform signs with. Never changes after construction.
struct PlatformKey {
  std::string serial;       ///< serial of the certificate, or id of the public key
  std::string certificate;  ///< certificate as PEM; empty for a public key
  std::string public_key;   ///< public key as PEM; may be empty for a certificate
  crypto::Secret private_key;
  crypto::Signer signer;
  Time effective_at;
  Time expires_at;

  [[nodiscard]] bool is_certificate() const { return !certificate.empty(); }
};
using PlatformKeyPtr = std::shared_ptr<const PlatformKey>;

/// Stages of a key rollover (protocol reference, sections 1.6 and 1.7).
enum class Stage : std::uint8_t {
  kOld,        ///< only the first certificate can be downloaded, and it signs
  kAnnounced,  ///< the second certificate can be downloaded; the first still signs
  kBoth,       ///< both certificates can be downloaded, and both sign
  kNew,        ///< only the second certificate can be downloaded, and it signs
  kMixed,      ///< a certificate and the public key both sign, while WeChat Pay migrates a merchant
  kPublicKey,  ///< only the public key signs; no certificate can be downloaded
};
[[nodiscard]] std::string_view to_string(Stage stage);
/// \return nothing if no stage has this name.
[[nodiscard]] std::optional<Stage> parse_stage(std::string_view name);

/// The platform's keys at the current stage of a rollover. Not thread-safe; the returned keys are
/// thread-safe.
class Certificates {
 public:
  /// \param first the platform's first key: a certificate or a public key.
  explicit Certificates(PlatformKeyPtr first);

  /// Enters a stage, and makes the keys that the stage needs and that do not exist yet. New keys
  /// are random; the seed does not determine them.
  /// \param new_share probability that the newer of two keys signs, 0 to 1.
  void roll(Stage stage, double new_share, Time now);

  [[nodiscard]] Stage stage() const { return stage_; }
  /// Returns the certificates of GET /v3/certificates; empty at the stage kPublicKey.
  [[nodiscard]] std::vector<PlatformKeyPtr> downloadable() const;
  /// Returns the keys that sign now.
  [[nodiscard]] std::vector<PlatformKeyPtr> signing() const;
  /// Chooses one of the keys that sign now.
  [[nodiscard]] PlatformKeyPtr choose(SeededRandom& chance) const;
  /// Chooses the key that signs a reply. If the request names a key of the platform in
  /// Wechatpay-Serial, that key signs. Otherwise a certificate signs, as long as certificates are
  /// in use.
  [[nodiscard]] PlatformKeyPtr choose_for_reply(std::string_view wanted_serial,
                                                SeededRandom& chance) const;
  [[nodiscard]] std::vector<PlatformKeyPtr> all() const;

 private:
  PlatformKeyPtr old_;         // null as long as only the public key was ever used
  PlatformKeyPtr new_;         // null until a rollover needs a second certificate
  PlatformKeyPtr public_key_;  // null until a stage needs the public key
  Stage stage_;
  double new_share_ = 0.5;
  bool rolled_ = false;  // true if new_ has replaced old_
};

}  // namespace couponhook::server::sandbox
