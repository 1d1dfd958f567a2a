#pragma once

/// \file
/// Lenient access to the fields of a JSON object, for data that couponhook keeps even if some
/// fields are malformed.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include <rapidjson/document.h>

namespace couponhook::handlers {

/// View of the fields of one JSON object. A field counts as missing if its type differs from the
/// type that the caller asks for. If the object itself is missing, all its fields count as missing
/// too, so a caller need not check each level of nested objects. The JSON document must live longer
/// than this view.
class JsonFields {
 public:
  /// Makes a view of the fields of a JSON value.
  /// \param value any JSON value, or null. A value that is not an object has no fields.
  explicit JsonFields(const rapidjson::Value* value)
      : object_(value != nullptr && value->IsObject() ? value : nullptr) {}

  [[nodiscard]] bool exists() const { return object_ != nullptr; }
  /// Returns true if the object has a field of this name, of any type.
  [[nodiscard]] bool has(std::string_view name) const { return find(name) != nullptr; }

  /// Returns the text of a string field; empty if the field is missing. A string with a NUL byte
  /// counts as missing, because databases cannot store a NUL byte in a text.
  [[nodiscard]] std::string text(std::string_view name) const;
  /// Returns the text of a string field like text(). If the field is a non-negative integer,
  /// returns its decimal digits.
  [[nodiscard]] std::string text_or_digits(std::string_view name) const;
  [[nodiscard]] std::optional<std::int64_t> integer(std::string_view name) const;
  [[nodiscard]] JsonFields object(std::string_view name) const { return JsonFields(find(name)); }
  /// Returns the value of an array field; null if the field is missing or not an array.
  [[nodiscard]] const rapidjson::Value* array(std::string_view name) const;

 private:
  [[nodiscard]] const rapidjson::Value* find(std::string_view name) const;

  const rapidjson::Value* object_;
};

}  // namespace couponhook::handlers
