#pragma once

/// \file
/// Undoes changes that software between WeChat Pay and couponhook makes to the Wechatpay-* headers.

#include <vector>

#include "server/repair/damage.hpp"
#include "server/repair/signed_message.hpp"

namespace couponhook::server {

struct RepairedHeaders {
  SignedMessage message;  ///< the message with repaired headers and an unchanged body
  FoundDamage damage;
};

/// Returns the message with one change of its headers undone, once for each change that could have
/// led to it. Pure; thread-safe.
[[nodiscard]] std::vector<RepairedHeaders> repair_headers(const SignedMessage& message);

}  // namespace couponhook::server
