#pragma once

/// \file
/// Converts short texts between character encodings, such as GB18030 and UTF-8.

#include <optional>
#include <string>
#include <string_view>

namespace couponhook::base {

/// Converts a text from one character encoding to another, with glibc's iconv. Thread-safe.
/// \param from, to names of encodings as iconv knows them, such as "GB18030".
/// \return the converted text; nothing if the text is not valid in `from`, if `to` has no code for
///   one of its characters, or if iconv does not know an encoding.
[[nodiscard]] std::optional<std::string> convert_encoding(std::string_view text, const char* from,
                                                          const char* to);

}  // namespace couponhook::base
