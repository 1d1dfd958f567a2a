#pragma once

/// \file
/// SHA-1 and HMAC-SHA256 as WeChat Pay's older APIs use them. The sandbox has its own versions
/// because it tests the program's digests.

#include <string>
#include <string_view>

namespace couponhook::server::sandbox {

/// Returns SHA-1 in lower-case hexadecimal: the hash of a flow file.
[[nodiscard]] std::string sha1_hex(std::string_view bytes);

/// Returns HMAC-SHA256 in upper-case hexadecimal: the signature of an H5 link.
[[nodiscard]] std::string hmac_sha256_hex(std::string_view key, std::string_view message);

}  // namespace couponhook::server::sandbox
