#include "server/admin/quarantine_retry.hpp"

#include <chrono>

#include "base/json.hpp"
#include "server/verdict/verdict.hpp"

namespace couponhook::server {
namespace {

/// The signature headers of a quarantined request, which were stored together with its body.
class KeptHeaders final : public HeaderFields {
 public:
  explicit KeptHeaders(const std::string& json) : kept_(base::parse_object(json, {})) {}

  [[nodiscard]] std::string_view find(std::string_view name) const override {
    if (!kept_) return {};
    const auto& object = kept_->value();
    const auto member = object.FindMember(
        rapidjson::Value(name.data(), static_cast<rapidjson::SizeType>(name.size())));
    if (member == object.MemberEnd() || !member->value.IsString()) return {};
    return {member->value.GetString(), member->value.GetStringLength()};
  }

 private:
  boost::system::result<base::JsonObject, base::JsonError> kept_;
};

}  // namespace

std::optional<Examined> reopen(const storage::SealedRecord& sealed, const Merchants& merchants,
                               const ReceiveRules& rules) {
  const Merchant* const merchant = merchants.find_mchid(sealed.mchid);
  if (merchant == nullptr) return std::nullopt;
  const KeptHeaders headers(sealed.headers);
  const Request request{"POST", "", headers, sealed.body, ""};
  const std::chrono::system_clock::time_point received_at{
      std::chrono::milliseconds(sealed.received_at_ms)};
  Examined examined = examine(request, *merchant, rules, received_at);
  if (auto* admit = std::get_if<ToAdmit>(&examined)) {
    admit->admission.opened_from = sealed.key;
    // No HTTP reply waits for the deliveries of a notification from quarantine. So the commit gives
    // these deliveries no lease, and the delivery worker claims them later.
    for (storage::NewDelivery& delivery : admit->admission.deliveries) delivery.leased = false;
  }
  return examined;
}

std::string why_still_sealed(const Examined& examined) {
  if (const auto* refused = std::get_if<Refused>(&examined)) {
    return std::string(row(refused->verdict).message) +
           " (checked with the current keys and the time of its arrival)";
  }
  if (const auto* sealed = std::get_if<ToQuarantine>(&examined)) {
    return std::string(row(sealed->verdict).message) + ": " + sealed->record.detail;
  }
  return {};
}

}  // namespace couponhook::server
