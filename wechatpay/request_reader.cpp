#include "wechatpay/request_reader.hpp"

#include <algorithm>

namespace couponhook::wechatpay {

using rapidjson::Value;

void RequestReader::report(std::string_view name, std::string_view message) const {
  std::string field = path_;
  if (!field.empty()) field += '.';
  field += name;
  broken_->push_back({std::move(field), std::string(message)});
}

const Value* RequestReader::take(std::string_view name) {
  asked_for_.emplace_back(name);
  const Value* value = object_.object(name).value();
  return value != nullptr && value->IsNull() ? nullptr : value;
}

std::string RequestReader::text(std::string_view name) {
  const Value* value = take(name);
  if (value == nullptr) return {};
  if (value->IsString()) return {value->GetString(), value->GetStringLength()};
  report(name, "must be a string");
  return {};
}

std::optional<std::int64_t> RequestReader::number(std::string_view name) {
  const Value* value = take(name);
  if (value == nullptr) return {};
  if (value->IsInt64()) return value->GetInt64();
  report(name, "must be a whole number");
  return {};
}

std::optional<bool> RequestReader::boolean(std::string_view name) {
  const Value* value = take(name);
  if (value == nullptr) return {};
  if (value->IsBool()) return value->GetBool();
  report(name, "must be true or false");
  return {};
}

std::vector<std::string> RequestReader::texts(std::string_view name) {
  const Value* value = take(name);
  std::vector<std::string> texts;
  if (value == nullptr) return texts;
  const bool fits = value->IsArray() && std::all_of(value->Begin(), value->End(),
                                                    [](const Value& v) { return v.IsString(); });
  if (!fits) {
    report(name, "must be an array of strings");
    return texts;
  }
  for (const Value& v : value->GetArray()) texts.emplace_back(v.GetString(), v.GetStringLength());
  return texts;
}

std::vector<std::int64_t> RequestReader::numbers(std::string_view name) {
  const Value* value = take(name);
  std::vector<std::int64_t> numbers;
  if (value == nullptr) return numbers;
  const bool fits = value->IsArray() && std::all_of(value->Begin(), value->End(),
                                                    [](const Value& v) { return v.IsInt64(); });
  if (!fits) {
    report(name, "must be an array of whole numbers");
    return numbers;
  }
  for (const Value& v : value->GetArray()) numbers.push_back(v.GetInt64());
  return numbers;
}

RequestReader RequestReader::object(std::string_view name) {
  const Value* value = take(name);
  if (value != nullptr && !value->IsObject()) {
    report(name, "must be an object");
    value = nullptr;
  }
  return {JsonView(value), path_.empty() ? std::string(name) : path_ + "." + std::string(name),
          *broken_};
}

void RequestReader::report_unknown() const {
  if (!object_.is_object()) return;
  for (const auto& member : object_.value()->GetObject()) {
    const std::string_view name(member.name.GetString(), member.name.GetStringLength());
    if (std::find(asked_for_.begin(), asked_for_.end(), name) == asked_for_.end()) {
      report(name, "is not a member that this API knows");
    }
  }
}

}  // namespace couponhook::wechatpay
