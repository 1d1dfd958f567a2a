#pragma once

/// \file
/// A merchant as its calls to WeChat Pay need it.

#include <chrono>
#include <memory>
#include <string>
#include <vector>

#include "server/config/config.hpp"
#include "server/receive/merchants.hpp"
#include "server/net/tls_context.hpp"
#include "wechatpay/authorization.hpp"

namespace couponhook::server {

/// Its own key to sign with, and the platform's keys to believe replies by.
struct ApiAccount {
  wechatpay::ApiCaller caller;
  Merchant merchant;
  MerchantApiConfig config;
  TlsContext tls;  ///< to be verified with
};

/// The serial of a platform key that is loaded and live; empty where there is none.
[[nodiscard]] std::string live_platform_serial(const ApiAccount& account,
                                               std::chrono::sys_seconds now);

/// Opens the files that [merchant.api] and the merchant name.
/// \return null where one will not do; each is one problem in `problems`.
[[nodiscard]] std::unique_ptr<ApiAccount> load_api_account(const Config& config,
                                                           const MerchantConfig& entry,
                                                           std::vector<Problem>& problems);

/// The same for a running service, which goes by the keys that it can load: one file that will not
/// do must not keep it from fetching the certificates that are due.
/// \param fetched platform certificates to believe replies by, beside those in files.
[[nodiscard]] std::unique_ptr<ApiAccount> load_service_account(const Config& config,
                                                               const MerchantConfig& entry,
                                                               FetchedSpan fetched,
                                                               std::vector<Problem>& problems);

/// Opens the files that only [merchant.api] names. Each that will not do is one problem of the
/// merchant's API unit.
void check_api_files(const Config& config, const MerchantConfig& entry,
                     std::vector<Problem>& problems);

}  // namespace couponhook::server
