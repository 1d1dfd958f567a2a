#pragma once

/// \file
/// Whether a notification URL answers.

#include <chrono>
#include <optional>
#include <string>
#include <string_view>

namespace couponhook::server {

/// What makes a probe one of this merchant's.
struct ProbeIdentity {
  std::string platform_serial;  ///< of a key that the receiver has loaded
  std::chrono::sys_seconds now;
};

/// What is wrong with a URL, and what to do.
struct UrlTrouble {
  bool is_tls = false;  ///< the certificate there cannot be verified
  std::string what;
};

/// Posts a wrongly signed, empty notification, as WeChat Pay does to see whether signatures are
/// looked at: a receiver refuses it, and counts it apart. Over TLS verified with the system's
/// certificates, as WeChat Pay's side does.
/// \return nothing where the answer is a receiver's.
[[nodiscard]] std::optional<UrlTrouble> try_url(std::string_view url,
                                                const ProbeIdentity& identity);

}  // namespace couponhook::server
