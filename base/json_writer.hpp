#pragma once

/// \file
/// Answers as JSON, written member by member.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include <rapidjson/stringbuffer.h>
#include <rapidjson/writer.h>

#include "base/json.hpp"
#include "base/mended_json.hpp"
#include "base/utf8.hpp"
#include "base/wechat_time.hpp"

namespace couponhook::base {

/// A plaintext need not be text; what is told of it must be JSON all the same.
inline std::string replace_bytes_outside_ascii(std::string_view bytes) {
  std::string text;
  for (const char c : bytes) {
    if (static_cast<unsigned char>(c) < 0x80) {
      text += c;
    } else {
      text += kReplacementCharacter;
    }
  }
  return text;
}

/// RapidJSON's writer with this project's string types.
class Json {
 public:
  Json& begin() {
    writer_.StartObject();
    return *this;
  }
  Json& begin(std::string_view key) { return name(key).begin(); }
  Json& end() {
    writer_.EndObject();
    return *this;
  }
  Json& begin_list(std::string_view key) {
    name(key);
    writer_.StartArray();
    return *this;
  }
  Json& end_list() {
    writer_.EndArray();
    return *this;
  }
  Json& text(std::string_view key, std::string_view value) {
    name(key);
    return value_of(value);
  }
  Json& value_of(std::string_view value) {
    if (!is_utf8(value)) return value_of(replace_bytes_outside_ascii(value));
    writer_.String(value.data(), static_cast<rapidjson::SizeType>(value.size()));
    return *this;
  }
  Json& number(std::string_view key, std::int64_t value) {
    name(key);
    writer_.Int64(value);
    return *this;
  }
  Json& real(std::string_view key, double value) {
    name(key);
    writer_.Double(value);
    return *this;
  }
  Json& boolean(std::string_view key, bool value) {
    name(key);
    writer_.Bool(value);
    return *this;
  }
  Json& time(std::string_view key, std::optional<std::int64_t> unix_ms) {
    if (unix_ms) return text(key, format_unix_ms(*unix_ms));
    name(key);
    writer_.Null();
    return *this;
  }
  /// JSON from outside as it is, where it is an object, or mended where it can be; else as text,
  /// and null where there is none.
  Json& document(std::string_view key, const std::string& content) {
    name(key);
    if (content.empty()) {
      writer_.Null();
    } else if (parse_object(content, {})) {
      writer_.RawValue(content.data(), content.size(), rapidjson::kObjectType);
    } else if (const auto mended = mend_object(content, {}, {})) {
      writer_.RawValue(mended->text.data(), mended->text.size(), rapidjson::kObjectType);
    } else {
      value_of(content);
    }
    return *this;
  }
  Json& cursor(std::string_view key, std::optional<std::int64_t> sequence) {
    if (sequence) return text(key, std::to_string(*sequence));
    name(key);
    writer_.Null();
    return *this;
  }
  [[nodiscard]] std::string take() const { return {buffer_.GetString(), buffer_.GetSize()}; }

 private:
  Json& name(std::string_view key) {
    writer_.Key(key.data(), static_cast<rapidjson::SizeType>(key.size()));
    return *this;
  }

  rapidjson::StringBuffer buffer_;
  rapidjson::Writer<rapidjson::StringBuffer> writer_{buffer_};
};

}  // namespace couponhook::base
