#pragma once

/// \file
/// SHA-256, SHA-1 where a protocol insists on it, and hexadecimal text.

#include <array>
#include <initializer_list>
#include <span>
#include <string>
#include <string_view>

namespace couponhook::crypto {

using Sha256 = std::array<unsigned char, 32>;

/// The digest of the parts as if they were one string. Thread-safe; each thread has a context.
[[nodiscard]] Sha256 sha256(std::initializer_list<std::string_view> parts);
[[nodiscard]] inline Sha256 sha256(std::string_view bytes) {
  return sha256({bytes});
}

using Sha1 = std::array<unsigned char, 20>;

/// Only for the hashes that WeChat Pay publishes of its files: they tell a torn download, not a
/// forged one.
[[nodiscard]] Sha1 sha1(std::string_view bytes);

/// Lower-case hexadecimal.
[[nodiscard]] std::string to_hex(std::span<const unsigned char> bytes);

}  // namespace couponhook::crypto
