#pragma once

/// \file
/// Lenient access to the JSON text of API replies. Internal header of wechatpay/; tests use it too.

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <rapidjson/document.h>

namespace couponhook::wechatpay {

/// View of one JSON value, which is read leniently. A member counts as empty if it is absent or has
/// another type than the caller asks for. Every member of a value that is not an object counts as
/// empty too, so callers need not check each level. The JsonText must outlive this view.
class JsonView {
 public:
  explicit JsonView(const rapidjson::Value* value) : value_(value) {}

  [[nodiscard]] bool is_object() const { return value_ != nullptr && value_->IsObject(); }
  [[nodiscard]] bool has(std::string_view name) const { return find(name) != nullptr; }

  /// \return the text of a string member. For a non-negative integer, its digits are returned,
  ///   because WeChat Pay's documentation shows some ids as numbers and some as strings.
  [[nodiscard]] std::string text(std::string_view name) const { return object(name).text(); }
  /// \return this JSON value as text; for a non-negative integer, its digits.
  [[nodiscard]] std::string text() const;
  [[nodiscard]] std::optional<std::int64_t> number(std::string_view name) const;
  [[nodiscard]] bool boolean(std::string_view name) const;
  [[nodiscard]] JsonView object(std::string_view name) const { return JsonView(find(name)); }
  [[nodiscard]] std::vector<JsonView> array(std::string_view name) const;
  /// \return the JSON value behind this view; null if the value is absent.
  [[nodiscard]] const rapidjson::Value* value() const { return value_; }

 private:
  [[nodiscard]] const rapidjson::Value* find(std::string_view name) const;

  const rapidjson::Value* value_;
};

/// A parsed JSON text. The parser is not recursive, so deep nesting cannot overflow the stack. The
/// HTTP client has already limited the size of the text.
class JsonText {
 public:
  /// Parses a JSON text.
  /// \return nothing if `text` is not exactly one JSON object in UTF-8.
  [[nodiscard]] static std::optional<JsonText> parse(std::string_view text);

  [[nodiscard]] JsonView root() const { return JsonView(document_.get()); }

 private:
  explicit JsonText(std::unique_ptr<rapidjson::Document> document);

  std::unique_ptr<rapidjson::Document> document_;
};

}  // namespace couponhook::wechatpay
