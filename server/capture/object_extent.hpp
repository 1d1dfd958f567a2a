#pragma once

/// \file
/// Finds JSON objects inside other text, such as a log line.

#include <cstddef>
#include <optional>
#include <string_view>

namespace couponhook::server {

/// Name of the member that every notification has, as it stands in JSON.
inline constexpr std::string_view kCiphertextName = "\"ciphertext\"";

/// Returns the length of the JSON object at the beginning of a text; nothing if it does not end.
/// The text must begin with '{'.
[[nodiscard]] std::optional<std::size_t> object_size(std::string_view text);

/// Returns the outermost JSON object in a text that holds a ciphertext, as the body of a
/// notification does, but no Wechatpay-* header; empty if there is none.
[[nodiscard]] std::string_view find_body(std::string_view text);

}  // namespace couponhook::server
