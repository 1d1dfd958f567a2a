#include "sandbox/fields.hpp"

#include <algorithm>

namespace couponhook::server::sandbox {
namespace {

constexpr std::size_t kListTextMax = 128;

std::size_t characters(std::string_view utf8) {
  return static_cast<std::size_t>(
      std::ranges::count_if(utf8, [](char byte) { return (byte & 0xC0) != 0x80; }));
}

}  // namespace

const rapidjson::Value* Fields::find(const char* name) const {
  if (object_ == nullptr) return nullptr;
  const auto found = object_->FindMember(name);
  return found == object_->MemberEnd() || found->value.IsNull() ? nullptr : &found->value;
}

void Fields::require(bool holds, const char* name, std::string message) {
  if (holds || *error_) return;
  *error_ = param_error(std::move(message), pointer_ + "/" + name);
}

std::string Fields::text(const char* name, std::size_t least, std::size_t most) {
  require(least == 0 || find(name) != nullptr, name, std::string(name) + "必填");
  std::string value = optional_text(name, most);
  require(characters(value) >= least, name, std::string(name) + "不能为空");
  return value;
}

std::string Fields::optional_text(const char* name, std::size_t most) {
  const auto* value = find(name);
  if (value == nullptr) return "";
  require(value->IsString(), name, std::string(name) + "必须为字符串");
  if (!value->IsString()) return "";
  std::string text(value->GetString(), value->GetStringLength());
  require(characters(text) <= most, name,
          std::string(name) + "长度超过" + std::to_string(most) + "个字符");
  return text;
}

std::int64_t Fields::integer(const char* name, std::int64_t least, std::int64_t most) {
  require(find(name) != nullptr, name, std::string(name) + "必填");
  return optional_integer(name, least, most);
}

std::int64_t Fields::optional_integer(const char* name, std::int64_t least, std::int64_t most,
                                      std::int64_t otherwise) {
  const auto* value = find(name);
  if (value == nullptr) return otherwise;
  require(value->IsInt64(), name, std::string(name) + "必须为整数");
  if (!value->IsInt64()) return otherwise;
  const std::int64_t number = value->GetInt64();
  require(number >= least && number <= most, name,
          std::string(name) + "取值范围为" + std::to_string(least) + "到" + std::to_string(most));
  return number;
}

double Fields::optional_number(const char* name, double least, double most, double otherwise) {
  const auto* value = find(name);
  if (value == nullptr) return otherwise;
  const bool fits = value->IsNumber() && value->GetDouble() >= least && value->GetDouble() <= most;
  require(fits, name, std::string(name) + " is out of range");
  return fits ? value->GetDouble() : otherwise;
}

bool Fields::boolean(const char* name) {
  require(find(name) != nullptr, name, std::string(name) + "必填");
  return optional_boolean(name, false);
}

bool Fields::optional_boolean(const char* name, bool otherwise) {
  const auto* value = find(name);
  if (value == nullptr) return otherwise;
  require(value->IsBool(), name, std::string(name) + "必须为布尔值");
  return value->IsTrue();
}

std::vector<std::string> Fields::texts(const char* name, std::size_t least, std::size_t most) {
  std::vector<std::string> texts;
  const auto* value = find(name);
  require(least == 0 || value != nullptr, name, std::string(name) + "必填");
  if (value == nullptr) return texts;
  require(value->IsArray(), name, std::string(name) + "必须为数组");
  if (!value->IsArray()) return texts;
  require(value->Size() >= least && value->Size() <= most, name,
          std::string(name) + "个数范围为" + std::to_string(least) + "到" + std::to_string(most));
  for (const auto& element : value->GetArray()) {
    require(element.IsString() && element.GetStringLength() > 0 &&
                element.GetStringLength() <= kListTextMax,
            name, std::string(name) + "的元素必须为字符串");
    if (element.IsString()) texts.emplace_back(element.GetString(), element.GetStringLength());
  }
  return texts;
}

Fields Fields::object(const char* name) {
  const auto* value = find(name);
  require(value != nullptr && value->IsObject(), name, std::string(name) + "必填");
  Fields inner = *this;
  inner.object_ = value != nullptr && value->IsObject() ? value : nullptr;
  inner.pointer_ += "/" + std::string(name);
  return inner;
}

std::vector<Fields> Fields::objects(const char* name, std::size_t most) {
  std::vector<Fields> fields;
  const auto* value = find(name);
  if (value == nullptr) return fields;
  require(value->IsArray() && value->Size() <= most, name, std::string(name) + "必须为数组");
  if (!value->IsArray()) return fields;
  for (rapidjson::SizeType i = 0; i < value->Size(); ++i) {
    require((*value)[i].IsObject(), name, std::string(name) + "的元素必须为对象");
    Fields inner = *this;
    inner.object_ = (*value)[i].IsObject() ? &(*value)[i] : nullptr;
    inner.pointer_ += "/" + std::string(name) + "/" + std::to_string(i);
    fields.push_back(std::move(inner));
  }
  return fields;
}

}  // namespace couponhook::server::sandbox
