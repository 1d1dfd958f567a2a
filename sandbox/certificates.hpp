#pragma once

/// \file
/// Signing keys of the simulated WeChat Pay (certificates or a public key), and the rollover from
/// an old key to a new key.

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "crypto/signer.hpp"
#include "sandbox/records.hpp"
#include "sandbox/seeded_random.hpp"

namespace couponhook::server::sandbox {

/// A key with which the simulated WeChat Pay signs notifications and replies. Never changes after
/// construction.
struct PlatformKey {
  std::string serial;  ///< serial number of the certificate, or id of the public key
  /// The certificate as PEM; empty if this is a public key without a certificate.
  std::string certificate;
  std::string public_key;  ///< the public key as PEM; may be empty if there is a certificate
  crypto::Secret private_key;
  crypto::Signer signer;
  Time effective_at;
  Time expires_at;

  [[nodiscard]] bool is_certificate() const { return !certificate.empty(); }
};
using PlatformKeyPtr = std::shared_ptr<const PlatformKey>;

/// Stages of a rollover of WeChat Pay's signing keys: from a first certificate to a second
/// certificate, or from a certificate to a public key.
enum class Stage : std::uint8_t {
  kOld,  ///< only the first certificate can be downloaded, and only the first certificate signs
  kAnnounced,  ///< the second certificate can be downloaded too; only the first certificate signs
  kBoth,       ///< the first and the second certificate can both be downloaded, and both sign
  kNew,    ///< only the second certificate can be downloaded, and only the second certificate signs
  kMixed,  ///< WeChat Pay is moving the merchant from a certificate to a public key; both sign
  kPublicKey,  ///< only WeChat Pay's public key signs; no certificate can be downloaded
};
[[nodiscard]] std::string_view to_string(Stage stage);
/// \return nothing if no stage of a key rollover has this name.
[[nodiscard]] std::optional<Stage> parse_stage(std::string_view name);

/// The signing keys of the simulated WeChat Pay at the current stage of a key rollover. This class
/// is not thread-safe; the returned keys are thread-safe.
class Certificates {
 public:
  /// \param first the first signing key of the simulated WeChat Pay: a certificate or a public key.
  explicit Certificates(PlatformKeyPtr first);

  /// Enters a stage of the key rollover, and makes the signing keys that this stage needs and that
  /// do not exist yet. New keys are random; the sandbox's random seed does not determine them.
  /// \param new_share probability that the newer key signs, from 0 to 1, at the stages at which two
  /// keys sign.
  void roll(Stage stage, double new_share, Time now);

  [[nodiscard]] Stage stage() const { return stage_; }
  /// Returns the certificates that GET /v3/certificates lists. Returns none at the stage
  /// kPublicKey.
  [[nodiscard]] std::vector<PlatformKeyPtr> downloadable() const;
  /// Returns the keys that sign at the current stage of the rollover: one key or two.
  [[nodiscard]] std::vector<PlatformKeyPtr> signing() const;
  /// Chooses the key that signs a notification: one of the keys that sign at the current stage.
  [[nodiscard]] PlatformKeyPtr choose(SeededRandom& chance) const;
  /// Chooses the key that signs the reply to an API request. If the request's header
  /// Wechatpay-Serial names a signing key of the simulated WeChat Pay, that key signs. Otherwise a
  /// certificate signs, as long as certificates are in use.
  [[nodiscard]] PlatformKeyPtr choose_for_reply(std::string_view wanted_serial,
                                                SeededRandom& chance) const;
  [[nodiscard]] std::vector<PlatformKeyPtr> all() const;

 private:
  PlatformKeyPtr old_;  // first certificate; null as long as only the public key was ever used
  PlatformKeyPtr new_;  // second certificate; null until a rollover needs a second certificate
  PlatformKeyPtr public_key_;  // public key; null until a stage of the rollover needs a public key
  Stage stage_;
  double new_share_ = 0.5;
  bool rolled_ = false;  // true if the second certificate (new_) has replaced the first (old_)
};

}  // namespace couponhook::server::sandbox
