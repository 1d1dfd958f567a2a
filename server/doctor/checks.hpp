#pragma once

/// \file
/// Looks closely at a set-up that can be loaded: what keeps notifications from coming in or from
/// being handled although every file is readable.

#include <chrono>
#include <filesystem>
#include <string>
#include <vector>

#include "server/config/config.hpp"
#include "server/receive/merchants.hpp"
#include "storage/records.hpp"

namespace couponhook::server {

struct CheckFindings {
  std::vector<Problem> errors;    ///< what stops notifications from being received
  std::vector<Problem> warnings;  ///< what will, or what surely is not meant

  void error(std::string where, std::string message) {
    errors.push_back({std::move(where), std::move(message)});
  }
  void warn(std::string where, std::string message) {
    warnings.push_back({std::move(where), std::move(message)});
  }
};

/// As messages write it.
[[nodiscard]] std::string date_of(std::chrono::sys_seconds time);

// Each looks at one thing. Files that cannot be loaded at all are told of by prepare_setup().

/// Whether this machine has the addresses, and their ports are free or the running service's.
void check_places(const Config& config, CheckFindings& findings);
/// The certificates that listeners show: validity, order, issuers.
void check_listener_certificates(const Config& config, std::chrono::sys_seconds now,
                                 CheckFindings& findings);
/// Platform keys that are there, live and the platform's, and the merchant's own number, serial and
/// key.
void check_merchants(const Config& config, const Merchants& merchants, std::chrono::sys_seconds now,
                     CheckFindings& findings);
/// Handlers that nothing comes to.
void check_handlers(const Config& config, CheckFindings& findings);
/// Deliveries in the store for handlers that the configuration does not have.
void check_backlog(const Config& config, const std::vector<storage::HandlerBacklog>& backlog,
                   CheckFindings& findings);

/// Path of the merchant's own API certificate, which WeChat Pay's tool puts beside its key.
/// \return an empty path where it does not.
[[nodiscard]] std::filesystem::path find_api_certificate(const MerchantApiConfig& api);

/// Checks `certificate_serial` and the private key without asking WeChat Pay.
void check_api_identity(const MerchantConfig& merchant, const crypto::PlatformKeys& platform_keys,
                        const std::string& where, std::chrono::sys_seconds now,
                        CheckFindings& findings);

}  // namespace couponhook::server
