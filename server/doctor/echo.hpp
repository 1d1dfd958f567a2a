#pragma once

/// \file
/// Round trip through WeChat Pay, with the time of each step.

#include <chrono>
#include <string>
#include <vector>

#include "server/commands/command_line.hpp"

namespace couponhook::server {

/// One step of the round trip.
struct EchoStep {
  std::string what;
  bool passed = false;
  std::chrono::milliseconds took{};
  std::string trouble;  ///< cause and repair; empty if the step passed
};

/// Asks WeChat Pay to call back (POST /v3/security/echo), and waits for the notification in the
/// running service. Ends at the first step that fails.
/// \param notify_url URL for the callback; empty: the URL that is set for favor coupons (代金券).
[[nodiscard]] std::vector<EchoStep> try_echo(const Config& config, const MerchantConfig& merchant,
                                             std::string notify_url, World& world);

}  // namespace couponhook::server
