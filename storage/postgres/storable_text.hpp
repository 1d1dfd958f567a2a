#pragma once

/// \file
/// Text that an engine with a say in what text is will take.

#include <string>
#include <string_view>

namespace couponhook::storage {

/// PostgreSQL refuses text that is not UTF-8 or holds a NUL, and with it all that it came with.
/// What a sender signed must be kept whatever it is: each byte that would be refused becomes U+FFFD
/// here. Nothing is lost by it, since what the text was read from is kept as bytes.
///
/// \param mended holds the result where there was something to mend.
/// \return `text`, or a view of `mended`.
[[nodiscard]] std::string_view storable_text(std::string_view text, std::string& mended);

}  // namespace couponhook::storage
