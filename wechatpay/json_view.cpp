#include "wechatpay/json_view.hpp"

#include <utility>

namespace couponhook::wechatpay {

using rapidjson::Value;

const Value* JsonView::find(std::string_view name) const {
  if (!is_object()) return nullptr;
  const Value key(rapidjson::StringRef(name.data(), static_cast<rapidjson::SizeType>(name.size())));
  const auto member = value_->FindMember(key);
  return member == value_->MemberEnd() ? nullptr : &member->value;
}

std::string JsonView::text() const {
  if (value_ == nullptr) return {};
  if (value_->IsUint64()) return std::to_string(value_->GetUint64());
  if (!value_->IsString()) return {};
  return {value_->GetString(), value_->GetStringLength()};
}

std::optional<std::int64_t> JsonView::number(std::string_view name) const {
  const Value* value = find(name);
  if (value == nullptr || !value->IsInt64()) return {};
  return value->GetInt64();
}

bool JsonView::boolean(std::string_view name) const {
  const Value* value = find(name);
  return value != nullptr && value->IsTrue();
}

std::vector<JsonView> JsonView::array(std::string_view name) const {
  std::vector<JsonView> elements;
  const Value* value = find(name);
  if (value == nullptr || !value->IsArray()) return elements;
  for (const Value& element : value->GetArray()) elements.emplace_back(&element);
  return elements;
}

JsonText::JsonText(std::unique_ptr<rapidjson::Document> document)
    : document_(std::move(document)) {}

std::optional<JsonText> JsonText::parse(std::string_view text) {
  constexpr unsigned kFlags =
      rapidjson::kParseIterativeFlag | rapidjson::kParseValidateEncodingFlag;
  auto document = std::make_unique<rapidjson::Document>();
  // Refuse a text that contains a NUL byte. RapidJSON treats a NUL byte as the end of the text and
  // would ignore the bytes after the NUL byte.
  if (text.empty() || text.find('\0') != std::string_view::npos) return {};
  document->Parse<kFlags>(text.data(), text.size());
  if (document->HasParseError() || !document->IsObject()) return {};
  return JsonText(std::move(document));
}

}  // namespace couponhook::wechatpay
