#include "handlers/json_fields.hpp"

namespace couponhook::handlers {

using rapidjson::Value;

const Value* JsonFields::find(std::string_view name) const {
  if (object_ == nullptr) return nullptr;
  const Value key(rapidjson::StringRef(name.data(), static_cast<rapidjson::SizeType>(name.size())));
  const auto member = object_->FindMember(key);
  return member == object_->MemberEnd() ? nullptr : &member->value;
}

std::string JsonFields::text(std::string_view name) const {
  const Value* value = find(name);
  if (value == nullptr || !value->IsString()) return {};
  std::string text(value->GetString(), value->GetStringLength());
  return text.find('\0') == std::string::npos ? text : std::string();
}

std::string JsonFields::text_or_digits(std::string_view name) const {
  const Value* value = find(name);
  if (value != nullptr && value->IsUint64()) return std::to_string(value->GetUint64());
  return text(name);
}

std::optional<std::int64_t> JsonFields::integer(std::string_view name) const {
  const Value* value = find(name);
  if (value == nullptr || !value->IsInt64()) return {};
  return value->GetInt64();
}

const Value* JsonFields::array(std::string_view name) const {
  const Value* value = find(name);
  return value != nullptr && value->IsArray() ? value : nullptr;
}

}  // namespace couponhook::handlers
