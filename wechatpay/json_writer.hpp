#pragma once

/// \file
/// Writes JSON request bodies. Internal header of wechatpay/.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <rapidjson/stringbuffer.h>
#include <rapidjson/writer.h>

namespace couponhook::wechatpay {

/// Writes one JSON object; the members appear in the order of the calls.
class JsonWriter {
 public:
  JsonWriter() { writer_.StartObject(); }

  JsonWriter& text(std::string_view name, std::string_view value) {
    key(name);
    string(value);
    return *this;
  }
  /// Writes nothing if the value is empty.
  JsonWriter& optional_text(std::string_view name, std::string_view value) {
    return value.empty() ? *this : text(name, value);
  }
  JsonWriter& integer(std::string_view name, std::int64_t value) {
    key(name);
    writer_.Int64(value);
    return *this;
  }
  JsonWriter& optional_integer(std::string_view name, const std::optional<std::int64_t>& value) {
    return value ? integer(name, *value) : *this;
  }
  JsonWriter& flag(std::string_view name, bool value) {
    key(name);
    writer_.Bool(value);
    return *this;
  }
  JsonWriter& optional_flag(std::string_view name, const std::optional<bool>& value) {
    return value ? flag(name, *value) : *this;
  }
  JsonWriter& optional_texts(std::string_view name, const std::vector<std::string>& values) {
    if (values.empty()) return *this;
    key(name);
    writer_.StartArray();
    for (const std::string& value : values) string(value);
    writer_.EndArray();
    return *this;
  }
  JsonWriter& optional_integers(std::string_view name, const std::vector<std::int64_t>& values) {
    if (values.empty()) return *this;
    key(name);
    writer_.StartArray();
    for (const std::int64_t value : values) writer_.Int64(value);
    writer_.EndArray();
    return *this;
  }
  JsonWriter& begin_object(std::string_view name) {
    key(name);
    writer_.StartObject();
    return *this;
  }
  JsonWriter& begin_object() {
    writer_.StartObject();
    return *this;
  }
  JsonWriter& end_object() {
    writer_.EndObject();
    return *this;
  }
  JsonWriter& begin_array(std::string_view name) {
    key(name);
    writer_.StartArray();
    return *this;
  }
  JsonWriter& end_array() {
    writer_.EndArray();
    return *this;
  }

  /// Ends the object and returns its text. Do not use the writer afterwards.
  [[nodiscard]] std::string finish() {
    writer_.EndObject();
    return {buffer_.GetString(), buffer_.GetSize()};
  }

 private:
  void key(std::string_view name) {
    writer_.Key(name.data(), static_cast<rapidjson::SizeType>(name.size()));
  }
  void string(std::string_view value) {
    // RapidJSON rejects a null pointer, and the data pointer of an empty string_view can be null.
    writer_.String(value.empty() ? "" : value.data(),
                   static_cast<rapidjson::SizeType>(value.size()));
  }

  rapidjson::StringBuffer buffer_;
  rapidjson::Writer<rapidjson::StringBuffer> writer_{buffer_};
};

}  // namespace couponhook::wechatpay
