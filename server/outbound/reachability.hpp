#pragma once

/// \file
/// Tests whether a notification URL reaches a receiver of notifications.

#include <chrono>
#include <optional>
#include <string>
#include <string_view>

namespace couponhook::server {

/// Values that make a signature probe look as if WeChat Pay had sent it for this merchant.
struct ProbeIdentity {
  /// Serial of a platform key that the receiver has loaded; the probe names this key in its
  /// headers.
  std::string platform_serial;
  std::chrono::sys_seconds now;
};

/// Problem of a notification URL, and what to do about it.
struct UrlFault {
  /// True if the problem is that the server's TLS certificate cannot be verified.
  bool is_tls = false;
  std::string what;
};

/// Sends an empty notification with a wrong signature to the URL, as WeChat Pay does to test
/// whether a receiver verifies signatures. A receiver refuses it and counts it as a probe. The
/// server's certificate is verified with the system's CA certificates, as WeChat Pay does.
/// \return nothing if a receiver answered correctly; otherwise the problem.
[[nodiscard]] std::optional<UrlFault> try_url(std::string_view url, const ProbeIdentity& identity);

}  // namespace couponhook::server
