#pragma once

/// \file
/// Tests the round trip through WeChat Pay: an echo request, and the notification that WeChat Pay
/// sends for it. Measures the time of each step.

#include <chrono>
#include <string>
#include <vector>

#include "server/commands/command_line.hpp"

namespace couponhook::server {

/// One step of the round trip through WeChat Pay.
struct EchoStep {
  std::string what;
  bool passed = false;
  std::chrono::milliseconds took{};
  /// Cause of the step's failure, and what to do; empty if the step passed.
  std::string problem;
};

/// Asks WeChat Pay to send a test notification (POST /v3/security/echo), and waits until the
/// running service has stored it. The test ends at the first step that fails.
/// \param notify_url URL to which WeChat Pay sends the notification. If the URL is empty, the URL
///   that is set for favor coupons (代金券) is used.
/// \return all steps that were done, with their durations.
[[nodiscard]] std::vector<EchoStep> try_echo(const Config& config, const MerchantConfig& merchant,
                                             std::string notify_url, Runtime& runtime);

}  // namespace couponhook::server
