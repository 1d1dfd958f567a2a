#pragma once

/// \file
/// The one way in which untrusted JSON becomes a document.

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string_view>

#include <rapidjson/document.h>
#include <boost/system/result.hpp>

namespace couponhook::base {

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

/// A parsed object, with the memory that it lives in: one allocation for a text of usual size, where
/// RapidJSON's own would take 64 KiB for each. Movable; what was read from it stays where it is.
class JsonObject {
 public:
  struct Storage;

  explicit JsonObject(std::unique_ptr<Storage> storage);
  JsonObject(JsonObject&&) noexcept;
  JsonObject& operator=(JsonObject&&) noexcept;
  ~JsonObject();

  [[nodiscard]] const rapidjson::Document& value() const;
  // NOLINTNEXTLINE(google-explicit-constructor): it is the object that it holds.
  operator const rapidjson::Document&() const { return value(); }
  const rapidjson::Value& operator[](const char* key) const { return value()[key]; }

 private:
  std::unique_ptr<Storage> storage_;
};

/// Parses a JSON object strictly: whole text, valid UTF-8, no key twice, within the limits. Does not
/// recurse on input before its depth is known to be within the limit. Thread-safe.
[[nodiscard]] boost::system::result<JsonObject, JsonError> parse_object(std::string_view text,
                                                                        const JsonLimits& limits);

}  // namespace couponhook::base
