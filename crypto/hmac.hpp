#pragma once

/// \file
/// Computes HMAC-SHA256, and the signature of APIv2 (WeChat Pay's older interface), which uses
/// HMAC-SHA256.

#include <map>
#include <string>
#include <string_view>

#include "crypto/digest.hpp"
#include "crypto/secret.hpp"

namespace couponhook::crypto {

/// Returns the HMAC-SHA256 (RFC 2104) of `message`. Thread-safe.
[[nodiscard]] Sha256 hmac_sha256(std::string_view key, std::string_view message);

/// Signs request fields by the rule of APIv2 (WeChat Pay's older interface). The signed message
/// contains every non-empty field as "name=value", sorted by name and joined by '&', with raw (not
/// URL-encoded) values, and ends with "&key=" and the APIv2 key. The signature is the HMAC-SHA256
/// of the message under the same key, in upper-case hexadecimal. Thread-safe.
/// Source: WeChat Pay's documentation, pay.weixin.qq.com/doc/v2/merchant/4011985891.
[[nodiscard]] std::string api_v2_signature(const std::map<std::string, std::string>& fields,
                                           const Secret& api_v2_key);

}  // namespace couponhook::crypto
