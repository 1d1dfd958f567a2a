#pragma once

/// \file
/// The platform's keys and their rollover.

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "crypto/signer.hpp"
#include "sandbox/chance.hpp"
#include "sandbox/records.hpp"

namespace couponhook::server::sandbox {

/// A key that the platform signs with. Constant once it is made.
struct PlatformKey {
  std::string serial;       ///< a certificate's, or the public key's id
  std::string certificate;  ///< PEM; empty for a public key
  std::string public_key;   ///< PEM; may be empty for a certificate
  crypto::Secret private_key;
  crypto::Signer signer;
  Time effective_at;
  Time expires_at;

  [[nodiscard]] bool is_certificate() const { return !certificate.empty(); }
};
using PlatformKeyPtr = std::shared_ptr<const PlatformKey>;

/// Where a rollover is (protocol reference, sections 1.6 and 1.7).
enum class Stage : std::uint8_t {
  kOld,        ///< one certificate
  kAnnounced,  ///< a second one can be downloaded, the first still signs
  kBoth,       ///< both can be downloaded and sign
  kNew,        ///< the second alone
  kMixed,      ///< certificate and public key both sign, while WeChat Pay migrates a merchant
  kPublicKey,  ///< the public key alone: there is nothing to download any more
};
[[nodiscard]] std::string_view to_string(Stage stage);
/// \return nothing where there is no such stage.
[[nodiscard]] std::optional<Stage> parse_stage(std::string_view name);

/// Not thread-safe; what it gives out is.
class Certificates {
 public:
  /// \param first what the platform begins with: its certificate, or its public key.
  explicit Certificates(PlatformKeyPtr first);

  /// Makes the keys that the stage needs and that there are not yet. They do not depend on a seed.
  /// \param new_share how often the newer of two keys signs, 0 to 1.
  void roll(Stage stage, double new_share, Time now);

  [[nodiscard]] Stage stage() const { return stage_; }
  /// What GET /v3/certificates gives; empty for a merchant of the public key.
  [[nodiscard]] std::vector<PlatformKeyPtr> downloadable() const;
  /// The keys that sign now.
  [[nodiscard]] std::vector<PlatformKeyPtr> signing() const;
  /// One of those.
  [[nodiscard]] PlatformKeyPtr choose(Chance& chance) const;
  /// What signs a reply: a request that names no key, or none that there is, gets a certificate's
  /// signature for as long as there is one.
  [[nodiscard]] PlatformKeyPtr choose_for_reply(std::string_view wanted_serial,
                                                Chance& chance) const;
  [[nodiscard]] std::vector<PlatformKeyPtr> all() const;

 private:
  PlatformKeyPtr old_;         // null for a merchant that began with the public key
  PlatformKeyPtr new_;         // null until a rollover begins
  PlatformKeyPtr public_key_;  // null until it is needed
  Stage stage_;
  double new_share_ = 0.5;
  bool rolled_ = false;  // whether new_ has taken over from old_
};

}  // namespace couponhook::server::sandbox
