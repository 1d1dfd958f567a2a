#pragma once

/// \file
/// Replaces bytes that PostgreSQL rejects in a text column.

#include <string>
#include <string_view>

namespace couponhook::storage {

/// Replaces each byte that is NUL or not valid UTF-8 by U+FFFD. PostgreSQL refuses such text, and
/// with it the whole transaction, but a signed notification must be stored whatever it contains.
/// Nothing is lost: the original that the text was read from is stored as bytes.
///
/// \param mended receives the result if a byte was replaced.
/// \return `text`, or a view of `mended`.
[[nodiscard]] std::string_view storable_text(std::string_view text, std::string& mended);

}  // namespace couponhook::storage
