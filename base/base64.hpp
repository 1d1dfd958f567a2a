#pragma once

/// \file
/// Standard base64 (RFC 4648, section 4), strict: one text for one byte string.

#include <optional>
#include <string>
#include <string_view>

namespace couponhook::base {

/// \return padded standard base64 of `bytes`.
[[nodiscard]] std::string base64_encode(std::string_view bytes);

/// Decodes canonical base64 only: full padding, no white space, unused bits zero. Signatures and
/// ciphertexts that come in any other form are refused rather than guessed at.
/// \return nothing where `text` is not canonical.
[[nodiscard]] std::optional<std::string> base64_decode(std::string_view text);

/// As base64_decode, into `into`, whose memory is reused. On failure `into` is unspecified.
[[nodiscard]] bool base64_decode_into(std::string_view text, std::string& into);

}  // namespace couponhook::base
