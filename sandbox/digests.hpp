#pragma once

/// \file
/// SHA-1, SHA-256 and HMAC-SHA256, as WeChat Pay's APIs use them. The sandbox (a simulated WeChat
/// Pay) does not use the functions of crypto/, because the sandbox is used to test them.

#include <string>
#include <string_view>

namespace couponhook::server::sandbox {

/// Returns the SHA-1 digest of the bytes, in lower-case hexadecimal. WeChat Pay sends this digest
/// with flow files (CSV files with the redemptions or refunds of a stock).
[[nodiscard]] std::string sha1_hex(std::string_view bytes);

/// Returns the SHA-256 digest of the bytes, in lower-case hexadecimal. Merchants send this digest
/// with an image that they upload.
[[nodiscard]] std::string sha256_hex(std::string_view bytes);

/// Returns the HMAC-SHA256 of the message, in upper-case hexadecimal. WeChat Pay uses it as the
/// signature of H5 links (links to web pages on which a user accepts a 商家券).
[[nodiscard]] std::string hmac_sha256_hex(std::string_view key, std::string_view message);

}  // namespace couponhook::server::sandbox
