#include "sandbox/certificates.hpp"

#include <array>
#include <optional>
#include <stdexcept>
#include <utility>

#include "crypto/self_signed.hpp"

namespace couponhook::server::sandbox {
namespace {

constexpr std::chrono::days kCertificateLife{5 * 365};
constexpr std::array<std::pair<Stage, std::string_view>, 6> kStages{{
    {Stage::kOld, "old"},
    {Stage::kAnnounced, "announced"},
    {Stage::kBoth, "both"},
    {Stage::kNew, "new"},
    {Stage::kMixed, "mixed"},
    {Stage::kPublicKey, "public_key"},
}};

/// Makes a new signing key of the simulated WeChat Pay: a certificate, or a public key with an id.
/// \param id id of the public key; empty: the new key gets a certificate.
PlatformKeyPtr make_key(const std::string& id, Time now) {
  crypto::SelfSignedPair pair = crypto::make_self_signed(
      {crypto::PairKind::kRsa2048, "couponhook sandbox platform key", {}, now, kCertificateLife});
  auto signer = crypto::Signer::from_pem(pair.private_key_pem);
  const bool is_certificate = id.empty();
  return std::make_shared<const PlatformKey>(PlatformKey{
      is_certificate ? pair.serial : id, is_certificate ? pair.certificate_pem : std::string(),
      pair.public_key_pem, std::move(pair.private_key_pem), std::move(*signer), now,
      now + kCertificateLife});
}

std::string public_key_id(Time now) {
  return "PUB_KEY_ID_0" + std::to_string(now.time_since_epoch().count()) + "00000000000000000";
}

}  // namespace

std::string_view to_string(Stage stage) {
  for (const auto& [known, name] : kStages) {
    if (known == stage) return name;
  }
  return "";
}

std::optional<Stage> parse_stage(std::string_view name) {
  for (const auto& [stage, known] : kStages) {
    if (known == name) return stage;
  }
  return std::nullopt;
}

Certificates::Certificates(PlatformKeyPtr first)
    : old_(first->is_certificate() ? first : nullptr),
      public_key_(first->is_certificate() ? nullptr : first),
      stage_(first->is_certificate() ? Stage::kOld : Stage::kPublicKey) {}

void Certificates::roll(Stage stage, double new_share, Time now) {
  const bool needs_public_key = stage == Stage::kMixed || stage == Stage::kPublicKey;
  const bool needs_new =
      stage == Stage::kAnnounced || stage == Stage::kBoth || stage == Stage::kNew;
  if (old_ == nullptr && stage != Stage::kPublicKey) old_ = make_key("", now);
  if (needs_new && new_ == nullptr) new_ = make_key("", now);
  if (needs_public_key && public_key_ == nullptr) public_key_ = make_key(public_key_id(now), now);
  if (stage == Stage::kNew) rolled_ = true;
  if (stage == Stage::kOld || stage == Stage::kAnnounced || stage == Stage::kBoth) rolled_ = false;
  stage_ = stage;
  new_share_ = new_share;
}

std::vector<PlatformKeyPtr> Certificates::downloadable() const {
  switch (stage_) {
    case Stage::kAnnounced:
    case Stage::kBoth:
      return {old_, new_};
    case Stage::kPublicKey:
      return {};
    case Stage::kOld:
    case Stage::kNew:
    case Stage::kMixed:
      break;
  }
  return {rolled_ ? new_ : old_};
}

std::vector<PlatformKeyPtr> Certificates::signing() const {
  switch (stage_) {
    case Stage::kBoth:
      return {old_, new_};
    case Stage::kMixed:
      return {rolled_ ? new_ : old_, public_key_};
    case Stage::kPublicKey:
      return {public_key_};
    case Stage::kOld:
    case Stage::kAnnounced:
    case Stage::kNew:
      break;
  }
  return {rolled_ ? new_ : old_};
}

PlatformKeyPtr Certificates::choose(SeededRandom& chance) const {
  const auto keys = signing();
  return keys.size() > 1 && chance.draw() < new_share_ ? keys.back() : keys.front();
}

PlatformKeyPtr Certificates::choose_for_reply(std::string_view wanted_serial,
                                              SeededRandom& chance) const {
  for (const PlatformKeyPtr& key : all()) {
    if (key->serial == wanted_serial) return key;
  }
  return stage_ == Stage::kMixed ? signing().front() : choose(chance);
}

std::vector<PlatformKeyPtr> Certificates::all() const {
  std::vector<PlatformKeyPtr> keys;
  for (const PlatformKeyPtr& key : {old_, new_, public_key_}) {
    if (key != nullptr) keys.push_back(key);
  }
  return keys;
}

}  // namespace couponhook::server::sandbox
