#pragma once

/// \file
/// The one way in which untrusted JSON becomes a document.

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include <rapidjson/document.h>
#include <boost/system/result.hpp>

namespace couponhook::handlers {

/// How large a JSON text may be before it is refused. Bytes are limited by the listener already.
struct JsonLimits {
  std::size_t depth_max = 32;      ///< objects and arrays within each other
  std::size_t values_max = 50000;  ///< values in the whole text
};

/// Why a text is not acceptable JSON.
enum class JsonError : std::uint8_t {
  kSyntax = 1,        ///< not JSON, not UTF-8, or bytes after the end
  kTooDeep = 2,       ///< nested deeper than JsonLimits::depth_max
  kTooMany = 3,       ///< more values than JsonLimits::values_max
  kDuplicateKey = 4,  ///< an object names a key twice: two readers could understand it differently
  kNotObject = 5,     ///< JSON, but not an object
};
[[nodiscard]] std::string_view describe(JsonError error);

/// Parses a JSON object strictly: whole text, valid UTF-8, no key twice, within the limits. Does
/// not recurse on input before its depth is known to be within the limit. Thread-safe.
[[nodiscard]] boost::system::result<rapidjson::Document, JsonError> parse_object(
    std::string_view text, const JsonLimits& limits);

}  // namespace couponhook::handlers
