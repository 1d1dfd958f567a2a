#pragma once

/// \file
/// Keys and settings with which a merchant calls WeChat Pay's APIs.

#include <chrono>
#include <memory>
#include <string>
#include <vector>

#include "server/config/config.hpp"
#include "server/net/tls_context.hpp"
#include "server/receive/merchants.hpp"
#include "wechatpay/authorization.hpp"

namespace couponhook::server {

/// Keys for calls to WeChat Pay's APIs: the merchant's own private key, which signs requests, and
/// WeChat Pay's platform keys, which verify replies.
struct ApiAccount {
  wechatpay::ApiCaller caller;
  Merchant merchant;
  MerchantApiConfig config;
  /// TLS settings with which the client verifies the API server's certificate.
  TlsContext tls;
};

/// Returns the serial of a platform key that is loaded and has not expired; empty if there is none.
[[nodiscard]] std::string live_platform_serial(const ApiAccount& account,
                                               std::chrono::sys_seconds now);

/// Opens the key files that the merchant's configuration names, including those in its
/// [merchant.api] table.
/// \return null if a file cannot be used; `problems` then has one entry for each such file.
[[nodiscard]] std::unique_ptr<ApiAccount> load_api_account(const Config& config,
                                                           const MerchantConfig& entry,
                                                           std::vector<Problem>& problems);

/// Like load_api_account(), but for a running service: loads every key that can be loaded, and
/// skips unusable files. One unusable file must not prevent the download of new certificates.
/// \param fetched downloaded platform certificates. These certificates verify replies, in addition
///   to the certificates in files.
[[nodiscard]] std::unique_ptr<ApiAccount> load_service_account(const Config& config,
                                                               const MerchantConfig& entry,
                                                               FetchedSpan fetched,
                                                               std::vector<Problem>& problems);

/// Opens the files that only the [merchant.api] table of the configuration names. Adds each
/// unusable file to `problems`, under the reload unit "merchant_api:MCHID" (a part of the set-up
/// that is reloaded by itself).
void check_api_files(const Config& config, const MerchantConfig& entry,
                     std::vector<Problem>& problems);

}  // namespace couponhook::server
