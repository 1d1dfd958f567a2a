#pragma once

/// \file
/// Parses untrusted JSON strictly, with limits on depth and size.

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string_view>

#include <rapidjson/document.h>
#include <boost/system/result.hpp>

namespace couponhook::base {

/// Limits for one JSON text. The listener has already limited the number of bytes.
struct JsonLimits {
  std::size_t depth_max = 32;      ///< depth of nested objects and arrays
  std::size_t values_max = 50000;  ///< number of values in the whole text
};

/// Reasons why a JSON text is refused.
enum class JsonError : std::uint8_t {
  kSyntax = 1,        ///< not JSON, not UTF-8, or extra bytes after the end
  kTooDeep = 2,       ///< nested deeper than JsonLimits::depth_max
  kTooMany = 3,       ///< more values than JsonLimits::values_max
  kDuplicateKey = 4,  ///< an object has a key twice, so two parsers could read different values
  kNotObject = 5,     ///< valid JSON, but not an object
};
[[nodiscard]] std::string_view describe(JsonError error);

/// A parsed JSON object together with its memory. The values of a usual notification fit into one 4
/// KiB block inside this object; RapidJSON's default would allocate 64 KiB for each document.
/// Movable: pointers into the document stay valid after a move.
class JsonObject {
 public:
  struct Storage;

  explicit JsonObject(std::unique_ptr<Storage> storage);
  JsonObject(JsonObject&&) noexcept;
  JsonObject& operator=(JsonObject&&) noexcept;
  ~JsonObject();

  [[nodiscard]] const rapidjson::Document& value() const;
  // NOLINTNEXTLINE(google-explicit-constructor): implicit, to use the object as its document.
  operator const rapidjson::Document&() const { return value(); }
  const rapidjson::Value& operator[](const char* key) const { return value()[key]; }

 private:
  std::unique_ptr<Storage> storage_;
};

/// Parses a JSON object strictly: nothing after the object, valid UTF-8, no duplicate key, within
/// the limits. The parser itself is not recursive, so deep nesting cannot overflow the stack.
/// Thread-safe.
[[nodiscard]] boost::system::result<JsonObject, JsonError> parse_object(std::string_view text,
                                                                        const JsonLimits& limits);

}  // namespace couponhook::base
