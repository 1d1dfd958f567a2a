#pragma once

/// \file
/// Repairs a JSON object that a strict parser refuses because of small errors, if the important
/// members of the object are still unambiguous.
///
/// WeChat Pay sends a notification about ten times and then never again, and every copy has the
/// same errors. A notification of a redeemed coupon must not be lost because the description of the
/// coupon contains a broken character.

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "base/json.hpp"

namespace couponhook::base {

/// Kinds of errors (flaws) in a JSON text, as bits that are combined with OR.
enum class JsonFlaw : std::uint16_t {
  kByteOrderMark = 1U << 0U,  ///< flaw: a byte order mark before the JSON object
  /// Flaw: an unescaped control character (or a NUL byte) in a JSON string.
  kControlCharacter = 1U << 1U,
  kNotUtf8 = 1U << 2U,    ///< flaw: bytes in a JSON string that are not valid UTF-8
  kSurrogate = 1U << 3U,  ///< flaw: a \u escape that is only one half of a surrogate pair
  kEscape = 1U << 4U,     ///< flaw: a backslash in a JSON string that does not begin a valid escape
  kDuplicateKey = 1U << 5U,
  /// Flaw: a number outside the range of double, or an unknown word without quotes.
  kNumber = 1U << 6U,
  kTooDeep = 1U << 7U,   ///< flaw: JSON values nested deeper than JsonLimits::depth_max
  kTooMany = 1U << 8U,   ///< flaw: more values in the JSON text than JsonLimits::values_max
  kComma = 1U << 9U,     ///< flaw: a comma after the last member of a JSON object or array
  kTrailing = 1U << 10U  ///< flaw: extra bytes after the end of the JSON object
};

/// A repaired JSON object, now valid JSON within the given JsonLimits. The watched members (which
/// identify the coupon, the order and the time) are kept even if the text has more values than
/// JsonLimits::values_max.
struct RepairedObject {
  /// The repaired JSON text, with the members in their original order. Control characters are
  /// escaped, and invalid characters are replaced by U+FFFD. Of several members with the same key
  /// only the first is kept. An invalid number is written as a string, and a value nested too
  /// deeply as null. Values beyond JsonLimits::values_max are left out.
  std::string text;
  std::uint16_t flaws = 0;  ///< flaws found in the original JSON text, as bits of JsonFlaw
  /// An error message for the first watched (identifying) member that has a flaw, such as
  /// "coupon_id comes twice with different values"; empty if no watched member has a flaw.
  std::string uncertain;
};

/// Returns the names of the flaws as English text, for example "a control character in a string, a
/// key that comes twice". The text contains nothing of the JSON data.
[[nodiscard]] std::string describe_flaws(std::uint16_t flaws);

/// Repairs a JSON object. Time and memory are linear in the size of the text. The function does not
/// call itself for nested values. Thread-safe.
///
/// \param watched names of the members that identify the coupon, the order and the time, as "name"
///   or "object.name". Such a member is uncertain if it has a flaw, or if it occurs twice with
///   different values, because two parsers could then read different values.
/// \return the repaired object. Nothing if the members cannot be separated reliably: the text is
///   not an object, the object is not closed, a string contains an unescaped quote, or a second
///   JSON text follows the first one.
[[nodiscard]] std::optional<RepairedObject> repair_object(
    std::string_view text, const JsonLimits& limits, std::span<const std::string_view> watched);

}  // namespace couponhook::base
