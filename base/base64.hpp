#pragma once

/// \file
/// Encodes and decodes base64 (RFC 4648, section 4). The decoder is strict: each byte string has
/// exactly one valid encoded text.

#include <optional>
#include <string>
#include <string_view>

namespace couponhook::base {

/// Returns the standard base64 text of `bytes`, with padding ('=').
[[nodiscard]] std::string base64_encode(std::string_view bytes);

/// Decodes canonical base64 only: full padding, no white space, unused bits zero. A signature or
/// ciphertext in any other form is rejected.
/// \return the decoded bytes, or nothing if `text` is not canonical base64.
[[nodiscard]] std::optional<std::string> base64_decode(std::string_view text);

/// Decodes base64 like base64_decode(), but writes the bytes to the string `into` and reuses its
/// memory.
/// \return false if `text` is not canonical base64; the content of `into` is then unspecified.
[[nodiscard]] bool base64_decode_into(std::string_view text, std::string& into);

}  // namespace couponhook::base
