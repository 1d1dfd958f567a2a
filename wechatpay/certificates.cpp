#include "wechatpay/certificates.hpp"

#include <algorithm>
#include <optional>
#include <tuple>
#include <utility>

#include "wechatpay/json_view.hpp"
#include "wechatpay/reply.hpp"

namespace couponhook::wechatpay {
namespace {

constexpr std::string_view kAlgorithm = "AEAD_AES_256_GCM";
constexpr std::string_view kAskSupport =
    "nothing was changed: repeat the download, and if it stays so, ask WeChat Pay's support";

ApiError untrusted_certificate(std::string message, std::string_view advice) {
  ApiError error;
  error.failure = ApiFailure::kUntrusted;
  error.api = Api::kCertificates;
  error.message = std::move(message);
  error.advice = advice;
  return error;
}

std::optional<std::string> decrypt(const JsonView& sealed,
                                   std::span<const crypto::ResourceCipher> ciphers) {
  const std::string nonce = sealed.text("nonce");
  const std::string associated_data = sealed.text("associated_data");
  const std::string ciphertext = sealed.text("ciphertext");
  for (const crypto::ResourceCipher& cipher : ciphers) {
    auto plaintext = cipher.open(nonce, associated_data, ciphertext);
    if (plaintext) return std::move(*plaintext);
  }
  return {};
}

ApiResult<PlatformCertificate> open_entry(const JsonView& entry,
                                          std::span<const crypto::ResourceCipher> ciphers) {
  const JsonView sealed = entry.object("encrypt_certificate");
  const std::string listed = entry.text("serial_no");
  if (listed.empty()) return unreadable(Api::kCertificates, "serial_no");
  if (sealed.text("algorithm") != kAlgorithm) {
    return unreadable(Api::kCertificates, "encrypt_certificate.algorithm (AEAD_AES_256_GCM)");
  }
  auto pem = decrypt(sealed, ciphers);
  if (!pem) {
    return untrusted_certificate(
        "certificate " + listed + " cannot be decrypted with any APIv3 key",
        "check api_v3_key_files: the key must be the APIv3 key (not the APIv2 key) "
        "that is in force in the merchant console; several may be listed during a "
        "change");
  }
  crypto::PlatformKeys own;
  const auto info = own.add_certificate(*pem);
  if (!info || !info->expires_at) {
    return untrusted_certificate(
        "the encrypted content of certificate " + listed + " is not a platform certificate",
        kAskSupport);
  }
  if (own.find(listed) == nullptr) {
    return untrusted_certificate(
        "certificate " + listed + " is listed under another serial than its own", kAskSupport);
  }
  return PlatformCertificate{info->serial, std::move(*pem), *info->expires_at};
}

}  // namespace

ApiRequest certificates_request() {
  return {Api::kCertificates, "GET", std::string(spec_of(Api::kCertificates).path), {}};
}

ApiResult<std::vector<PlatformCertificate>> open_certificates(
    const ApiReply& reply, std::span<const crypto::ResourceCipher> ciphers,
    const crypto::PlatformKeys* trusted, std::chrono::sys_seconds now) {
  if (reply.status != 200) return read_error(Api::kCertificates, reply);
  const auto json = JsonText::parse(reply.body);
  if (!json) return unreadable(Api::kCertificates, "JSON object");
  const std::vector<JsonView> entries = json->root().array("data");
  if (entries.empty()) return unreadable(Api::kCertificates, "data: the list is empty");

  crypto::PlatformKeys opened;
  std::vector<PlatformCertificate> certificates;
  for (const JsonView& entry : entries) {
    auto certificate = open_entry(entry, ciphers);
    if (!certificate) return std::move(certificate).error();
    // Ignore the result: adding a certificate can fail here only because the set of keys already
    // contains it, which is harmless.
    static_cast<void>(opened.add_certificate(certificate->pem));
    if (certificate->expires_at >= now) certificates.push_back(std::move(*certificate));
  }
  auto verified = check_signature(Api::kCertificates, reply, opened, now);
  if (!verified && trusted != nullptr) {
    verified = check_signature(Api::kCertificates, reply, *trusted, now);
  }
  if (!verified) return std::move(verified).error();
  if (certificates.empty()) {
    return untrusted_certificate("every certificate in the list has expired",
                                 "check this machine's clock");
  }
  return certificates;
}

CertificateMerge merge_certificates(std::span<const PlatformCertificate> kept,
                                    std::span<const PlatformCertificate> fetched,
                                    std::chrono::sys_seconds now) {
  const auto has = [](std::span<const PlatformCertificate> all, const std::string& serial) {
    return std::any_of(all.begin(), all.end(), [&](const auto& c) { return c.serial == serial; });
  };
  CertificateMerge merge;
  for (const PlatformCertificate& certificate : fetched) {
    if (certificate.expires_at < now || has(merge.current, certificate.serial)) continue;
    merge.current.push_back(certificate);
    if (!has(kept, certificate.serial)) merge.added.push_back(certificate.serial);
  }
  for (const PlatformCertificate& certificate : kept) {
    if (certificate.expires_at < now) {
      merge.dropped.push_back(certificate.serial);
    } else if (!has(merge.current, certificate.serial)) {
      merge.current.push_back(certificate);
    }
  }
  std::sort(merge.current.begin(), merge.current.end(), [](const auto& a, const auto& b) {
    return std::tie(a.expires_at, a.serial) < std::tie(b.expires_at, b.serial);
  });
  return merge;
}

}  // namespace couponhook::wechatpay
