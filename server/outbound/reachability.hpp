#pragma once

/// \file
/// Tests whether a notification URL reaches a receiver.

#include <chrono>
#include <optional>
#include <string>
#include <string_view>

namespace couponhook::server {

/// Values that make a probe look like one for this merchant.
struct ProbeIdentity {
  std::string platform_serial;  ///< serial of a key that the receiver has loaded
  std::chrono::sys_seconds now;
};

/// Problem of a notification URL, and the repair.
struct UrlFault {
  bool is_tls = false;  ///< the server's certificate cannot be verified
  std::string what;
};

/// Posts an empty notification with a wrong signature, as WeChat Pay does to test whether a
/// receiver verifies signatures. A receiver refuses it and counts it as a probe. TLS is verified
/// with the system's CA certificates, as WeChat Pay does.
/// \return nothing if a receiver answered correctly.
[[nodiscard]] std::optional<UrlFault> try_url(std::string_view url, const ProbeIdentity& identity);

}  // namespace couponhook::server
