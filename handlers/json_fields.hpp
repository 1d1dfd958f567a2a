#pragma once

/// \file
/// Lenient reading of a JSON object, for what is kept whatever it looks like.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include <rapidjson/document.h>

namespace couponhook::handlers {

/// The fields of one object, where a field of another type than asked for reads as absent. So does
/// every field of an object that is absent itself, which is why readers need not check their way
/// down. The document must outlive this view.
class JsonFields {
 public:
  /// \param value anything; what is no object has no fields.
  explicit JsonFields(const rapidjson::Value* value)
      : object_(value != nullptr && value->IsObject() ? value : nullptr) {}

  [[nodiscard]] bool exists() const { return object_ != nullptr; }

  /// \return empty where absent. A text with a NUL byte in it is absent: no store keeps it as text.
  [[nodiscard]] std::string text(std::string_view name) const;
  /// The same, and an integer becomes its digits.
  [[nodiscard]] std::string text_or_digits(std::string_view name) const;
  [[nodiscard]] std::optional<std::int64_t> integer(std::string_view name) const;
  [[nodiscard]] JsonFields object(std::string_view name) const { return JsonFields(find(name)); }
  /// \return null where absent.
  [[nodiscard]] const rapidjson::Value* array(std::string_view name) const;

 private:
  [[nodiscard]] const rapidjson::Value* find(std::string_view name) const;

  const rapidjson::Value* object_;
};

}  // namespace couponhook::handlers
