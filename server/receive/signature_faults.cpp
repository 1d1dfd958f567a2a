#include "server/receive/signature_faults.hpp"

#include <algorithm>

#include "base/excerpt.hpp"
#include "crypto/digest.hpp"
#include "server/repair/find_repair.hpp"

namespace couponhook::server {
namespace {

/// Longest text about the proxies of a request, in bytes.
constexpr std::size_t kProxiesMax = 200;

std::string proxies_of(const HeaderFields& headers) {
  std::string proxies;
  for (const std::string_view name : {"X-Forwarded-For", "Forwarded", "Via"}) {
    const std::string_view value = headers.find(name);
    if (value.empty()) continue;
    proxies.append(proxies.empty() ? "" : "; ").append(name).append(": ").append(value);
  }
  return base::excerpt(proxies, kProxiesMax);
}

SignedMessage signed_message(const Request& request) {
  const auto header = [&](std::string_view name) {
    return std::string(request.headers.find(name));
  };
  return {header("Wechatpay-Timestamp"),      header("Wechatpay-Nonce"),
          header("Wechatpay-Serial"),         header("Wechatpay-Signature"),
          header("Wechatpay-Signature-Type"), std::string(request.body)};
}

}  // namespace

SignatureEvidence SignatureFaults::examine(const Request& request, const Merchant& merchant,
                                           SteadyClock::time_point now) {
  SignatureEvidence evidence;
  evidence.body_sha256 = crypto::to_hex(crypto::sha256(request.body));
  evidence.content_encoding = base::excerpt(request.headers.find("Content-Encoding"), 32);
  evidence.proxies = proxies_of(request.headers);
  if (request.body.size() > kBodyBytesMax || !may_search(now)) return evidence;
  const RepairLimits limits{.effort = RepairEffort::kQuick, .body_bytes_max = kBodyBytesMax};
  const RepairSearch found = find_repair(merchant.platform_keys, signed_message(request), limits);
  if (!found.repair || found.repair->damages.empty()) return evidence;
  evidence.damage = describe(found.repair->damages);
  note(request.hop, merchant.mchid, found.repair->damages.front().damage);
  return evidence;
}

std::vector<SignatureFault> SignatureFaults::list() const {
  const std::lock_guard lock(mutex_);
  return faults_;
}

bool SignatureFaults::may_search(SteadyClock::time_point now) {
  const std::lock_guard lock(mutex_);
  if (searched_at_ && now - *searched_at_ < kPause) return false;
  searched_at_ = now;
  return true;
}

void SignatureFaults::note(std::string_view hop, std::string_view mchid, Damage damage) {
  const std::lock_guard lock(mutex_);
  const auto known = std::ranges::find_if(faults_, [&](const SignatureFault& fault) {
    return fault.hop == hop && fault.mchid == mchid && fault.damage == damage;
  });
  if (known != faults_.end()) {
    ++known->requests;
    return;
  }
  if (faults_.size() == kMost) {
    faults_.erase(std::ranges::min_element(faults_, {}, &SignatureFault::requests));
  }
  faults_.push_back({std::string(hop), std::string(mchid), damage, 1});
}

}  // namespace couponhook::server
