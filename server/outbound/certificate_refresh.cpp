#include "server/outbound/certificate_refresh.hpp"

#include <algorithm>

#include "server/outbound/certificate_folder.hpp"
#include "wechatpay/error_catalogue.hpp"

namespace couponhook::server {

using wechatpay::ApiError;
using wechatpay::ApiReply;
using wechatpay::PlatformCertificate;

RefreshResult fetch_certificates(ApiClient& client, std::span<const PlatformCertificate> known,
                                 std::chrono::sys_seconds now) {
  const ApiAccount& account = client.account();
  std::vector<PlatformCertificate> fetched;
  const auto open = [&](const ApiReply& reply) -> std::optional<ApiError> {
    auto opened = wechatpay::open_certificates(reply, account.merchant.ciphers,
                                               &account.merchant.platform_keys, now);
    if (!opened) return opened.error();
    fetched = std::move(*opened);
    return std::nullopt;
  };
  const auto reply = client.exchange(wechatpay::certificates_request(), open);
  if (!reply) {
    return RefreshFailure{reply.error().text(),
                          wechatpay::means_public_key_merchant(reply.error())};
  }
  auto before = read_certificate_folder(account.config.certificate_directory);
  for (const PlatformCertificate& certificate : known) {
    const auto there = std::ranges::find(before, certificate.serial, &PlatformCertificate::serial);
    if (there == before.end()) before.push_back(certificate);
  }
  return wechatpay::merge_certificates(before, fetched, now);
}

RefreshResult refresh_certificates(ApiClient& client, std::chrono::sys_seconds now) {
  auto merge = fetch_certificates(client, {}, now);
  if (!merge) return merge;
  const auto written =
      write_certificate_folder(client.account().config.certificate_directory, merge->current);
  if (!written) return RefreshFailure{written.error()};
  return merge;
}

}  // namespace couponhook::server
