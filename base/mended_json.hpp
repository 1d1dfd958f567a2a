#pragma once

/// \file
/// Reading of JSON objects that a strict parser refuses, although their members can be told apart.
///
/// WeChat Pay sends a notification about ten times and then never again, and every copy has the
/// same flaw: a redemption must not be lost because somebody's coupon has half a character in its
/// description. Source of the flaws seen: protocol reference, section 7.

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "base/json.hpp"

namespace couponhook::base {

/// Faults of a text, as a set of bits.
enum class JsonFlaw : std::uint16_t {
  kByteOrderMark = 1U << 0U,     ///< before the object
  kControlCharacter = 1U << 1U,  ///< unescaped in a string, NUL too
  kNotUtf8 = 1U << 2U,           ///< bytes in a string
  kSurrogate = 1U << 3U,         ///< an escaped half of a pair
  kEscape = 1U << 4U,            ///< a backslash before what is no escape
  kDuplicateKey = 1U << 5U,
  kNumber = 1U << 6U,    ///< a number outside of the range of numbers, or a word that is no literal
  kTooDeep = 1U << 7U,   ///< deeper than JsonLimits::depth_max
  kTooMany = 1U << 8U,   ///< more values than JsonLimits::values_max
  kComma = 1U << 9U,     ///< behind the last member
  kTrailing = 1U << 10U  ///< bytes behind the object
};

/// An object as strict JSON, within the limits it was mended for; watched members are kept beyond
/// JsonLimits::values_max.
struct MendedObject {
  /// The same members in the same order. Control characters are escaped; what is no character is
  /// U+FFFD; of equal keys the first stands; a number that is none is a string; null stands for
  /// what is too deep; what is too much is left out.
  std::string text;
  std::uint16_t flaws = 0;  ///< JsonFlaw bits
  /// The first watched path that a flaw touches ("coupon_id comes twice with different values");
  /// empty where all of them are certain.
  std::string uncertain;
};

/// The flaws in words, without content: "a control character in a string, a key that comes twice".
[[nodiscard]] std::string describe_flaws(std::uint16_t flaws);

/// Mends an object. Cost and memory are linear in the text's size; never recurses. Thread-safe.
///
/// \param watched members that decide, "name" or "object.name": where one of them has a flaw
/// itself,
///   or comes twice with different values, two readers could understand the text differently.
/// \return nothing where the text is no object whose members can be told apart: not an object, not
///   closed, a quote within a string, two texts in one.
[[nodiscard]] std::optional<MendedObject> mend_object(std::string_view text,
                                                      const JsonLimits& limits,
                                                      std::span<const std::string_view> watched);

}  // namespace couponhook::base
