#pragma once

/// \file
/// Checks of a set-up (configuration, certificates, keys) whose files can be read. The checks find
/// faults that keep notifications from being received or handled.

#include <chrono>
#include <filesystem>
#include <string>
#include <vector>

#include "server/config/config.hpp"
#include "server/receive/merchants.hpp"
#include "storage/records.hpp"

namespace couponhook::server {

struct CheckFindings {
  /// Faults that stop notifications from being received.
  std::vector<Problem> errors;
  /// Faults that will stop notifications later, and settings that the user certainly did not
  /// intend.
  std::vector<Problem> warnings;

  void error(std::string where, std::string message) {
    errors.push_back({std::move(where), std::move(message)});
  }
  void warn(std::string where, std::string message) {
    warnings.push_back({std::move(where), std::move(message)});
  }
};

/// Returns the date of a time as text, for messages.
[[nodiscard]] std::string date_of(std::chrono::sys_seconds time);

// Each of the check_…() functions below checks one part of a set-up. Files that cannot be loaded at
// all are reported by prepare_setup().

/// Checks that the addresses of the listeners belong to this machine, and that their ports are free
/// or in use by the running service.
void check_places(const Config& config, CheckFindings& findings);
/// Checks the TLS certificates of the public and the admin listener: the validity of the
/// certificates, their order in the file, and their issuers.
void check_listener_certificates(const Config& config, std::chrono::sys_seconds now,
                                 CheckFindings& findings);
/// Checks that platform keys exist, are valid and belong to WeChat Pay. Also checks the merchant's
/// own number, certificate serial and key.
void check_merchants(const Config& config, const Merchants& merchants, std::chrono::sys_seconds now,
                     CheckFindings& findings);
/// Warns if no handler is configured, and if the event patterns of a handler match no documented
/// event type.
void check_handlers(const Config& config, CheckFindings& findings);
/// Warns if the store holds open deliveries to handlers that are not configured.
void check_backlog(const Config& config, const std::vector<storage::HandlerBacklog>& backlog,
                   CheckFindings& findings);

/// Returns the path of the merchant's own API certificate. WeChat Pay's tool puts this file beside
/// the private key.
/// \return the path; empty if there is no such file.
[[nodiscard]] std::filesystem::path find_api_certificate(const MerchantApiConfig& api);

/// Checks the setting `certificate_serial` and the merchant's private key, without a call to WeChat
/// Pay.
void check_api_identity(const MerchantConfig& merchant, const crypto::PlatformKeys& platform_keys,
                        const std::string& where, std::chrono::sys_seconds now,
                        CheckFindings& findings);

}  // namespace couponhook::server
