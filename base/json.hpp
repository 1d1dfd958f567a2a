#pragma once

/// \file
/// Strict JSON parser for untrusted text, with limits on nesting depth and number of values.

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string_view>

#include <rapidjson/document.h>
#include <boost/system/result.hpp>

namespace couponhook::base {

/// Limits for one JSON text. The number of bytes has no limit here, because the HTTP server has
/// already limited the size of the HTTP body.
struct JsonLimits {
  std::size_t depth_max = 32;      ///< largest depth of nested objects and arrays
  std::size_t values_max = 50000;  ///< largest number of values in the whole JSON text
};

/// Reasons why the parser refuses a JSON text.
enum class JsonError : std::uint8_t {
  kSyntax = 1,   ///< the text is not JSON, is not UTF-8, or has extra bytes after its end
  kTooDeep = 2,  ///< objects or arrays are nested deeper than JsonLimits::depth_max
  kTooMany = 3,  ///< the text has more values than JsonLimits::values_max
  /// The same key occurs twice in an object, so two parsers could read different values.
  kDuplicateKey = 4,
  kNotObject = 5,  ///< the text is valid JSON, but not an object
};
[[nodiscard]] std::string_view describe(JsonError error);

/// A parsed JSON object together with its memory. The values of a usual notification fit into one 4
/// KiB block of this memory; with its default settings, RapidJSON would allocate 64 KiB for each
/// document. The object can be moved: pointers into the JSON document stay valid after a move.
class JsonObject {
 public:
  struct Storage;

  explicit JsonObject(std::unique_ptr<Storage> storage);
  JsonObject(JsonObject&&) noexcept;
  JsonObject& operator=(JsonObject&&) noexcept;
  ~JsonObject();

  [[nodiscard]] const rapidjson::Document& value() const;
  // NOLINTNEXTLINE(google-explicit-constructor): a JsonObject must be usable as its document.
  operator const rapidjson::Document&() const { return value(); }
  const rapidjson::Value& operator[](const char* key) const { return value()[key]; }

 private:
  std::unique_ptr<Storage> storage_;
};

/// Parses a JSON object strictly: the object must be the whole text, the text must be valid UTF-8,
/// no object may have the same key twice, and the text must keep the limits. The parser does not
/// call itself for nested values, so deep nesting cannot overflow the stack. Thread-safe.
/// \return the object, or the reason why the text was refused.
[[nodiscard]] boost::system::result<JsonObject, JsonError> parse_object(std::string_view text,
                                                                        const JsonLimits& limits);

}  // namespace couponhook::base
