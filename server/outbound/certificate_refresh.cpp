#include "server/outbound/certificate_refresh.hpp"

#include "server/outbound/certificate_folder.hpp"
#include "wechatpay/error_catalogue.hpp"

namespace couponhook::server {

using wechatpay::ApiError;
using wechatpay::ApiReply;
using wechatpay::CertificateMerge;
using wechatpay::PlatformCertificate;

boost::system::result<CertificateMerge, RefreshFailure> refresh_certificates(
    ApiClient& client, std::chrono::sys_seconds now) {
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
  const auto& folder = account.config.certificate_directory;
  auto merge = wechatpay::merge_certificates(read_certificate_folder(folder), fetched, now);
  const auto written = write_certificate_folder(folder, merge.current);
  if (!written) return RefreshFailure{written.error()};
  return merge;
}

}  // namespace couponhook::server
