#pragma once

/// \file
/// Lenient access to the JSON of replies. Internal header of wechatpay/; tests use it too.

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <rapidjson/document.h>

namespace couponhook::wechatpay {

/// One JSON value, read leniently. A member that is absent or has another type than requested reads
/// as empty. Every member of a value that is not an object reads as empty too, so callers need not
/// check each level. The JsonText must outlive this view.
class JsonView {
 public:
  explicit JsonView(const rapidjson::Value* value) : value_(value) {}

  [[nodiscard]] bool is_object() const { return value_ != nullptr && value_->IsObject(); }
  [[nodiscard]] bool has(std::string_view name) const { return find(name) != nullptr; }

  /// \return the text of a string member. A non-negative integer is returned as its
  ///   digits, because WeChat Pay's documentation shows some ids as numbers, some as strings.
  [[nodiscard]] std::string text(std::string_view name) const { return object(name).text(); }
  /// \return the value itself as text, converted in the same way.
  [[nodiscard]] std::string text() const;
  [[nodiscard]] std::optional<std::int64_t> number(std::string_view name) const;
  [[nodiscard]] bool boolean(std::string_view name) const;
  [[nodiscard]] JsonView object(std::string_view name) const { return JsonView(find(name)); }
  [[nodiscard]] std::vector<JsonView> array(std::string_view name) const;
  /// \return the JSON value itself; null if it is absent.
  [[nodiscard]] const rapidjson::Value* value() const { return value_; }

 private:
  [[nodiscard]] const rapidjson::Value* find(std::string_view name) const;

  const rapidjson::Value* value_;
};

/// A parsed JSON text. The parser is not recursive, so deep nesting cannot overflow the stack. The
/// HTTP client has already limited the size.
class JsonText {
 public:
  /// \return nothing if `text` is not exactly one JSON object in UTF-8.
  [[nodiscard]] static std::optional<JsonText> parse(std::string_view text);

  [[nodiscard]] JsonView root() const { return JsonView(document_.get()); }

 private:
  explicit JsonText(std::unique_ptr<rapidjson::Document> document);

  std::unique_ptr<rapidjson::Document> document_;
};

}  // namespace couponhook::wechatpay
