#pragma once

/// \file
/// Checks of a set-up whose files can be read. They find faults that keep notifications from being
/// received or handled.

#include <chrono>
#include <filesystem>
#include <string>
#include <vector>

#include "server/config/config.hpp"
#include "server/receive/merchants.hpp"
#include "storage/records.hpp"

namespace couponhook::server {

struct CheckFindings {
  std::vector<Problem> errors;    ///< faults that stop notifications from being received
  std::vector<Problem> warnings;  ///< faults that will stop them later, and settings that are
                                  ///< surely not intended

  void error(std::string where, std::string message) {
    errors.push_back({std::move(where), std::move(message)});
  }
  void warn(std::string where, std::string message) {
    warnings.push_back({std::move(where), std::move(message)});
  }
};

/// Formats a date for messages.
[[nodiscard]] std::string date_of(std::chrono::sys_seconds time);

// Each function checks one topic. prepare_setup() reports files that cannot be loaded at all.

/// Checks that this machine has the configured addresses, and that their ports are free or used by
/// the running service.
void check_places(const Config& config, CheckFindings& findings);
/// Checks the certificates of both listeners: validity, order, issuers.
void check_listener_certificates(const Config& config, std::chrono::sys_seconds now,
                                 CheckFindings& findings);
/// Checks that platform keys exist, are valid and belong to WeChat Pay. Also checks the merchant's
/// own number, serial and key.
void check_merchants(const Config& config, const Merchants& merchants, std::chrono::sys_seconds now,
                     CheckFindings& findings);
/// Warns if there is no handler, and of handlers whose event patterns match no documented event.
void check_handlers(const Config& config, CheckFindings& findings);
/// Warns of deliveries in the store to handlers that are not configured.
void check_backlog(const Config& config, const std::vector<storage::HandlerBacklog>& backlog,
                   CheckFindings& findings);

/// Returns the path of the merchant's own API certificate, which WeChat Pay's tool puts beside the
/// private key.
/// \return an empty path if there is no such file.
[[nodiscard]] std::filesystem::path find_api_certificate(const MerchantApiConfig& api);

/// Checks `certificate_serial` and the private key without a call to WeChat Pay.
void check_api_identity(const MerchantConfig& merchant, const crypto::PlatformKeys& platform_keys,
                        const std::string& where, std::chrono::sys_seconds now,
                        CheckFindings& findings);

}  // namespace couponhook::server
