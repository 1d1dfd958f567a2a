#pragma once

/// \file
/// Reading the JSON of replies. Private to this room's sources and to tests.

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <rapidjson/document.h>

namespace couponhook::wechatpay {

/// One JSON value, read leniently: a member that is absent or of another type than asked for reads
/// as empty, and so does every member of what is no object. Readers need not check their way down.
/// The JsonText must outlive it.
class JsonView {
 public:
  explicit JsonView(const rapidjson::Value* value) : value_(value) {}

  [[nodiscard]] bool is_object() const { return value_ != nullptr && value_->IsObject(); }
  [[nodiscard]] bool has(std::string_view name) const { return find(name) != nullptr; }

  /// Numbers read as their digits, because the documentation is not of one mind about ids.
  [[nodiscard]] std::string text(std::string_view name) const { return object(name).text(); }
  /// The value itself as text.
  [[nodiscard]] std::string text() const;
  [[nodiscard]] std::optional<std::int64_t> integer(std::string_view name) const;
  [[nodiscard]] bool flag(std::string_view name) const;
  [[nodiscard]] JsonView object(std::string_view name) const { return JsonView(find(name)); }
  [[nodiscard]] std::vector<JsonView> array(std::string_view name) const;
  /// The value itself; null where there is none.
  [[nodiscard]] const rapidjson::Value* value() const { return value_; }

 private:
  [[nodiscard]] const rapidjson::Value* find(std::string_view name) const;

  const rapidjson::Value* value_;
};

/// A parsed text. Parsing does not recurse, so that no nesting can exhaust the stack; the size is
/// the HTTP client's limit.
class JsonText {
 public:
  /// \return nothing where `text` is not one JSON object in UTF-8.
  [[nodiscard]] static std::optional<JsonText> parse(std::string_view text);

  [[nodiscard]] JsonView root() const { return JsonView(document_.get()); }

 private:
  explicit JsonText(std::unique_ptr<rapidjson::Document> document);

  std::unique_ptr<rapidjson::Document> document_;
};

}  // namespace couponhook::wechatpay
