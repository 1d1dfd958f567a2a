#pragma once

/// \file
/// Repairs a flawed JSON object that a strict parser refuses, if its important members are still
/// unambiguous.
///
/// WeChat Pay sends a notification about ten times and then never again, and every copy has the
/// same flaw. A redemption must not be lost because the description of a coupon contains a broken
/// character.

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "base/json.hpp"

namespace couponhook::base {

/// Kinds of flaws in a JSON text, as bits that are combined with OR.
enum class JsonFlaw : std::uint16_t {
  kByteOrderMark = 1U << 0U,     ///< flaw: a byte order mark before the object
  kControlCharacter = 1U << 1U,  ///< flaw: an unescaped control character in a string, NUL included
  kNotUtf8 = 1U << 2U,           ///< flaw: bytes in a string that are not valid UTF-8
  kSurrogate = 1U << 3U,         ///< flaw: a \u escape that is only one half of a surrogate pair
  kEscape = 1U << 4U,            ///< flaw: a backslash in a string that begins no valid escape
  kDuplicateKey = 1U << 5U,
  kNumber = 1U << 6U,    ///< flaw: a number outside the range of double, or an unknown word
  kTooDeep = 1U << 7U,   ///< flaw: values nested deeper than JsonLimits::depth_max
  kTooMany = 1U << 8U,   ///< flaw: more values in the text than JsonLimits::values_max
  kComma = 1U << 9U,     ///< flaw: a comma after the last member of an object or array
  kTrailing = 1U << 10U  ///< flaw: extra bytes after the end of the object
};

/// A repaired JSON object: strict JSON within the given JsonLimits. The watched (identifying)
/// members are kept even if the text has more values than JsonLimits::values_max.
struct MendedObject {
  /// The repaired JSON text, with the same members in the same order. Control characters are
  /// escaped, and invalid characters become U+FFFD. Of several equal keys only the first is kept.
  /// An invalid number becomes a string, and values nested too deeply become null. Values beyond
  /// the limit are left out.
  std::string text;
  std::uint16_t flaws = 0;  ///< flaws found in the original text, as bits of JsonFlaw
  /// An error message for the first watched (identifying) member that has a flaw, such as
  /// "coupon_id comes twice with different values"; empty if no watched member has a flaw.
  std::string uncertain;
};

/// Returns the names of the flaws for people, without any data of the JSON text, for example "a
/// control character in a string, a key that comes twice".
[[nodiscard]] std::string describe_flaws(std::uint16_t flaws);

/// Repairs a JSON object. Time and memory are linear in the size of the text. The function is not
/// recursive. Thread-safe.
///
/// \param watched the names of the identifying members, as "name" or "object.name". Such a member
///   is uncertain if it has a flaw itself or comes twice with different values, because two parsers
///   could then read different values.
/// \return the repaired object. Nothing if the members cannot be separated reliably: the text is
///   not an object, the object is not closed, a string contains an unescaped quote, or two JSON
///   texts follow each other.
[[nodiscard]] std::optional<MendedObject> mend_object(std::string_view text,
                                                      const JsonLimits& limits,
                                                      std::span<const std::string_view> watched);

}  // namespace couponhook::base
