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

/// A merchant's own key, which signs requests, and the platform's keys, which verify replies.
struct ApiAccount {
  wechatpay::ApiCaller caller;
  Merchant merchant;
  MerchantApiConfig config;
  TlsContext tls;  ///< TLS settings that verify the API server's certificate
};

/// Returns the serial of a loaded platform key that has not expired; empty if there is none.
[[nodiscard]] std::string live_platform_serial(const ApiAccount& account,
                                               std::chrono::sys_seconds now);

/// Opens the files that the merchant's configuration names, with those of [merchant.api].
/// \return null if a file cannot be used; `problems` then has one entry for each such file.
[[nodiscard]] std::unique_ptr<ApiAccount> load_api_account(const Config& config,
                                                           const MerchantConfig& entry,
                                                           std::vector<Problem>& problems);

/// Like load_api_account(), but for a running service. It uses the keys that can be loaded: one
/// unusable file must not prevent the fetch of new certificates.
/// \param fetched platform certificates that verify replies, in addition to those in files.
[[nodiscard]] std::unique_ptr<ApiAccount> load_service_account(const Config& config,
                                                               const MerchantConfig& entry,
                                                               FetchedSpan fetched,
                                                               std::vector<Problem>& problems);

/// Opens the files that only [merchant.api] names. Reports each unusable file as a problem of the
/// merchant's API unit (the part of a reload that takes effect or fails as a whole).
void check_api_files(const Config& config, const MerchantConfig& entry,
                     std::vector<Problem>& problems);

}  // namespace couponhook::server
