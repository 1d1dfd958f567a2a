#pragma once

/// \file
/// Signing keys of the simulated WeChat Pay (certificates or a public key), and their rollover: the
/// replacement of an old key by a new one, stage by stage.

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "crypto/signer.hpp"
#include "sandbox/records.hpp"
#include "sandbox/seeded_random.hpp"

namespace couponhook::server::sandbox {

/// A key with which the simulated WeChat Pay signs notifications and replies. The object never
/// changes after its construction.
struct PlatformKey {
  std::string serial;  ///< serial number of the key's certificate, or id of the public key
  /// The key's certificate as PEM; empty for a public key without a certificate.
  std::string certificate;
  std::string public_key;  ///< the public key as PEM; may be empty if the key has a certificate
  crypto::Secret private_key;
  crypto::Signer signer;
  Time effective_at;
  Time expires_at;

  [[nodiscard]] bool is_certificate() const { return !certificate.empty(); }
};
using PlatformKeyPtr = std::shared_ptr<const PlatformKey>;

/// Stages of a rollover of the simulated WeChat Pay's signing keys: from a first certificate to a
/// second one, or from a certificate to a public key.
enum class Stage : std::uint8_t {
  /// Stage of the key rollover: only the first certificate can be downloaded, and it signs all
  /// messages.
  kOld,
  /// Stage of the key rollover: the second certificate can be downloaded too, but the first
  /// certificate still signs all messages.
  kAnnounced,
  /// Stage of the key rollover: the first and the second certificate can be downloaded, and each of
  /// them signs some messages.
  kBoth,
  /// Stage of the key rollover: only the second certificate can be downloaded, and it signs all
  /// messages.
  kNew,
  /// Stage of the move from a certificate to a public key: each of the two signs some messages.
  kMixed,
  /// Last stage of the move from a certificate to a public key: only the public key signs, and no
  /// certificate can be downloaded.
  kPublicKey,
};
[[nodiscard]] std::string_view to_string(Stage stage);
/// Returns the stage of a key rollover with this name; nothing if there is no such stage.
[[nodiscard]] std::optional<Stage> parse_stage(std::string_view name);

/// The signing keys that the simulated WeChat Pay uses at the current stage of a key rollover. This
/// class is not thread-safe; the returned keys are thread-safe.
class Certificates {
 public:
  /// \param first the first signing key of the simulated WeChat Pay: a certificate or a public key.
  explicit Certificates(PlatformKeyPtr first);

  /// Starts a stage of the key rollover, and makes the signing keys that this stage needs and that
  /// do not exist yet. The keys are different in every run: the sandbox's random seed does not
  /// determine them.
  /// \param new_share probability, from 0 to 1, that the newer key signs a message, for stages at
  ///   which two keys sign.
  void roll(Stage stage, double new_share, Time now);

  [[nodiscard]] Stage stage() const { return stage_; }
  /// Returns the certificates that the reply to GET /v3/certificates contains at the current stage
  /// of the key rollover; none at the stage kPublicKey.
  [[nodiscard]] std::vector<PlatformKeyPtr> downloadable() const;
  /// Returns the keys with which the simulated WeChat Pay signs at the current stage of the key
  /// rollover: one key or two.
  [[nodiscard]] std::vector<PlatformKeyPtr> signing() const;
  /// Chooses the key that signs a notification: one of the keys that sign at the current stage of
  /// the key rollover.
  [[nodiscard]] PlatformKeyPtr choose(SeededRandom& chance) const;
  /// Chooses the key that signs the reply to an API request. If the request has a Wechatpay-Serial
  /// header with the serial of a signing key, this key signs. Otherwise a certificate signs, as
  /// long as certificates are in use.
  [[nodiscard]] PlatformKeyPtr choose_for_reply(std::string_view wanted_serial,
                                                SeededRandom& chance) const;
  [[nodiscard]] std::vector<PlatformKeyPtr> all() const;

 private:
  PlatformKeyPtr old_;         // first certificate; null if none has ever been used
  PlatformKeyPtr new_;         // second certificate; null until a rollover makes it
  PlatformKeyPtr public_key_;  // public key; null until a stage of the key rollover needs it
  Stage stage_;
  double new_share_ = 0.5;
  bool rolled_ = false;  // true if the second certificate has replaced the first
};

}  // namespace couponhook::server::sandbox
