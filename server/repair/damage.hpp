#pragma once

/// \file
/// Kinds of damage that software between WeChat Pay and couponhook does to a request, with a table
/// of their names and remedies.

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace couponhook::server {

/// Changes of a request that make its signature wrong, although WeChat Pay made the signature.
enum class Damage : std::uint8_t {
  kNewlineAdded,
  kNewlineRemoved,
  kBlanksAdded,
  kCrLf,
  kByteOrderMark,
  kReserialised,
  kCompressed,
  kPlusBecameBlank,
  kPercentEncoded,
  kCharset,
  kCharactersLost,
  kBackslashes,
  kHtmlEscaped,
  kChunkSizes,
  kBase64,
  kHeadersSwapped,
  kHeaderDoubled,
  kHeaderQuoted,
  kSerialReplaced,
  // Changes that cannot be undone, because bytes are lost.
  kBodyTruncated,
  kBodyEmpty,
  kSignatureTruncated,
  /// The signature is genuine, but no known repair makes it fit the body and the headers.
  kUnknown,
};
inline constexpr std::size_t kDamageCount = static_cast<std::size_t>(Damage::kUnknown) + 1;

/// One row of the table of damages.
struct DamageRow {
  Damage damage;
  std::string_view code;    ///< short name for logs, metrics and JSON, such as "newline_added"
  std::string_view cause;   ///< the change of the request, as a sentence without full stop
  std::string_view remedy;  ///< advice to the operator of the proxy or program
};

/// Returns the table of all damages, in the order of the enum.
[[nodiscard]] const std::array<DamageRow, kDamageCount>& damage_table();
[[nodiscard]] const DamageRow& row(Damage damage);

/// One change that was found in a request.
struct FoundDamage {
  Damage damage = Damage::kUnknown;
  std::string detail;  ///< facts about the change, such as "gzip"; may be empty
};

}  // namespace couponhook::server
