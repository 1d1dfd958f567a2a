#pragma once

/// \file
/// The round trip through WeChat Pay, timed.

#include <chrono>
#include <string>
#include <vector>

#include "server/commands/command_line.hpp"

namespace couponhook::server {

/// One step of the way.
struct EchoStep {
  std::string what;
  bool passed = false;
  std::chrono::milliseconds took{};
  std::string trouble;  ///< what went wrong and what to do; empty where it passed
};

/// Asks WeChat Pay to call back (POST /v3/security/echo), and watches the running service for the
/// notification. Ends with the first step that fails.
/// \param notify_url where to be called; empty: the URL that is set for favor coupons.
[[nodiscard]] std::vector<EchoStep> try_echo(const Config& config, const MerchantConfig& merchant,
                                             std::string notify_url, World& world);

}  // namespace couponhook::server
