#pragma once

/// \file
/// The two old digests of WeChat Pay, written for the sandbox alone: the program's own are what it
/// is there to try out.

#include <string>
#include <string_view>

namespace couponhook::server::sandbox {

/// SHA-1 in lower-case hexadecimal: the hash of a flow file.
[[nodiscard]] std::string sha1_hex(std::string_view bytes);

/// HMAC-SHA256 in upper-case hexadecimal: the signature of an H5 link.
[[nodiscard]] std::string hmac_sha256_hex(std::string_view key, std::string_view message);

}  // namespace couponhook::server::sandbox
