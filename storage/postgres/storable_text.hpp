#pragma once

/// \file
/// Replaces bytes that PostgreSQL rejects in a text column.

#include <string>
#include <string_view>

namespace couponhook::storage {

/// Replaces each byte that is NUL or not valid UTF-8 by the character U+FFFD. PostgreSQL refuses a
/// text with such bytes, and with it the whole transaction, but a signed notification must be
/// stored whatever it contains. No content is lost, because the received resource is also stored
/// unchanged as bytes.
///
/// \param repaired receives the new text if a byte was replaced.
/// \return `text` if it needed no change, otherwise a view of `repaired`.
[[nodiscard]] std::string_view storable_text(std::string_view text, std::string& repaired);

}  // namespace couponhook::storage
