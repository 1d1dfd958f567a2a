#pragma once

/// \file
/// Lenient access to the JSON text of API replies. Internal header: only wechatpay/ and tests
/// include it.

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <rapidjson/document.h>

namespace couponhook::wechatpay {

/// View of one JSON value in an API reply. A member of the value counts as empty if it is missing
/// or has another type than the caller asks for. Every member of a value that is not an object
/// counts as empty too, so callers need not check each level of nested objects. The JsonText must
/// live longer than this view.
class JsonView {
 public:
  explicit JsonView(const rapidjson::Value* value) : value_(value) {}

  [[nodiscard]] bool is_object() const { return value_ != nullptr && value_->IsObject(); }
  [[nodiscard]] bool has(std::string_view name) const { return find(name) != nullptr; }

  /// Returns the text of a string member; for a non-negative integer, its digits. The reason:
  /// WeChat Pay's documentation shows some ids as numbers and some as strings.
  [[nodiscard]] std::string text(std::string_view name) const { return object(name).text(); }
  /// Returns this JSON value as text; for a non-negative integer, its digits.
  [[nodiscard]] std::string text() const;
  [[nodiscard]] std::optional<std::int64_t> number(std::string_view name) const;
  [[nodiscard]] bool boolean(std::string_view name) const;
  [[nodiscard]] JsonView object(std::string_view name) const { return JsonView(find(name)); }
  [[nodiscard]] std::vector<JsonView> array(std::string_view name) const;
  /// Returns the JSON value behind this view; null if the value is missing.
  [[nodiscard]] const rapidjson::Value* value() const { return value_; }

 private:
  [[nodiscard]] const rapidjson::Value* find(std::string_view name) const;

  const rapidjson::Value* value_;
};

/// A parsed JSON text. The parser does not call itself for nested values, so deep nesting cannot
/// overflow the stack. The HTTP client has already limited the size of the text.
class JsonText {
 public:
  /// Parses a JSON text.
  /// \return the parsed text; nothing if `text` is not exactly one JSON object in UTF-8.
  [[nodiscard]] static std::optional<JsonText> parse(std::string_view text);

  [[nodiscard]] JsonView root() const { return JsonView(document_.get()); }

 private:
  explicit JsonText(std::unique_ptr<rapidjson::Document> document);

  std::unique_ptr<rapidjson::Document> document_;
};

}  // namespace couponhook::wechatpay
