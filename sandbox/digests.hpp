#pragma once

/// \file
/// SHA-1 and HMAC-SHA256 as WeChat Pay's older APIs use them. The sandbox has its own functions and
/// does not use those of crypto/, because the sandbox serves to test crypto/.

#include <string>
#include <string_view>

namespace couponhook::server::sandbox {

/// Returns the SHA-1 of the bytes in lower-case hexadecimal. WeChat Pay gives this hash for flow
/// files (CSV files with the redemptions or refunds of a stock).
[[nodiscard]] std::string sha1_hex(std::string_view bytes);

/// Returns the HMAC-SHA256 of the message in upper-case hexadecimal. WeChat Pay uses this signature
/// in the H5 links (web pages) with which a user accepts a 商家券.
[[nodiscard]] std::string hmac_sha256_hex(std::string_view key, std::string_view message);

}  // namespace couponhook::server::sandbox
