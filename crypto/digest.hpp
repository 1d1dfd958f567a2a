#pragma once

/// \file
/// SHA-256 and SHA-1 digests, and hexadecimal text. SHA-1 is only for protocols that require it.

#include <array>
#include <initializer_list>
#include <span>
#include <string>
#include <string_view>

namespace couponhook::crypto {

using Sha256 = std::array<unsigned char, 32>;

/// Returns the SHA-256 digest of the given parts, as if they were one text. Thread-safe: each
/// thread keeps its own OpenSSL context.
[[nodiscard]] Sha256 sha256(std::initializer_list<std::string_view> parts);
[[nodiscard]] inline Sha256 sha256(std::string_view bytes) {
  return sha256({bytes});
}

using Sha1 = std::array<unsigned char, 20>;

/// Returns the SHA-1 digest of the bytes. Use it only for the SHA-1 hashes that WeChat Pay
/// publishes for its files. SHA-1 detects a damaged download, but not a forged file.
[[nodiscard]] Sha1 sha1(std::string_view bytes);

/// Returns the bytes as hexadecimal text in lower case.
[[nodiscard]] std::string to_hex(std::span<const unsigned char> bytes);

}  // namespace couponhook::crypto
