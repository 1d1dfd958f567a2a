#pragma once

/// \file
/// Repairs a flawed JSON object that a strict parser refuses, if its members are still unambiguous.
///
/// WeChat Pay sends a notification about ten times and then never again, and every copy has the
/// same flaw. A redemption must not be lost because the description of a coupon contains a broken
/// character. Source of the flaws seen: protocol reference, section 7.

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "base/json.hpp"

namespace couponhook::base {

/// Flaws of a JSON text, as bits that are combined with OR.
enum class JsonFlaw : std::uint16_t {
  kByteOrderMark = 1U << 0U,     ///< a byte order mark before the object
  kControlCharacter = 1U << 1U,  ///< an unescaped control character in a string, NUL included
  kNotUtf8 = 1U << 2U,           ///< bytes in a string that are not UTF-8
  kSurrogate = 1U << 3U,         ///< an escape that is one half of a surrogate pair
  kEscape = 1U << 4U,            ///< a backslash followed by a character that makes no valid escape
  kDuplicateKey = 1U << 5U,
  kNumber = 1U << 6U,    ///< a number outside the range of double, or an unknown literal
  kTooDeep = 1U << 7U,   ///< nested deeper than JsonLimits::depth_max
  kTooMany = 1U << 8U,   ///< more values than JsonLimits::values_max
  kComma = 1U << 9U,     ///< a comma after the last member
  kTrailing = 1U << 10U  ///< extra bytes after the object
};

/// A repaired object: strict JSON within the given limits. Watched members are kept even beyond
/// JsonLimits::values_max.
struct MendedObject {
  /// The same members in the same order, repaired: control characters are escaped; invalid
  /// characters become U+FFFD; only the first of equal keys is kept; an invalid number becomes a
  /// string; values nested too deeply become null; values beyond the limit are left out.
  std::string text;
  std::uint16_t flaws = 0;  ///< bits of JsonFlaw
  /// An error for the first watched member that has a flaw, such as "coupon_id comes twice with
  /// different values"; empty if all watched members are certain.
  std::string uncertain;
};

/// Names the flaws for people, without data of the text, for example "a control character in a
/// string, a key that comes twice".
[[nodiscard]] std::string describe_flaws(std::uint16_t flaws);

/// Repairs a JSON object. Time and memory are linear in the size of the text. Not recursive.
/// Thread-safe.
///
/// \param watched the identifying members, as "name" or "object.name". Such a member is uncertain
///   if it has a flaw itself or comes twice with different values, because two parsers could then
///   read different values.
/// \return nothing if the members cannot be separated reliably: the text is not an object, the
///   object is not closed, a string contains an unescaped quote, or two texts follow each other.
[[nodiscard]] std::optional<MendedObject> mend_object(std::string_view text,
                                                      const JsonLimits& limits,
                                                      std::span<const std::string_view> watched);

}  // namespace couponhook::base
