#pragma once

/// \file
/// HMAC-SHA256, and the signature of WeChat Pay's older interface that is made with it.

#include <map>
#include <string>
#include <string_view>

#include "crypto/digest.hpp"
#include "crypto/secret.hpp"

namespace couponhook::crypto {

/// HMAC-SHA256 (RFC 2104) of `message`. Thread-safe.
[[nodiscard]] Sha256 hmac_sha256(std::string_view key, std::string_view message);

/// Signs fields as APIv2 does: those that are not empty, sorted by name, as "name=value" joined by
/// '&', raw rather than URL-encoded, then "&key=" and the APIv2 key; HMAC-SHA256 under that key in
/// upper-case hexadecimal. Thread-safe.
/// Source: wechatpay-protocol section 6; pay.weixin.qq.com/doc/v2/merchant/4011985891.
[[nodiscard]] std::string api_v2_signature(const std::map<std::string, std::string>& fields,
                                           const Secret& api_v2_key);

}  // namespace couponhook::crypto
