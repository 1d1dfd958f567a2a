#pragma once

/// \file
/// Writes the JSON of the sandbox's replies and notifications, member by member. Internal header:
/// only sandbox/ includes it.

#include <concepts>
#include <cstdint>
#include <string>
#include <string_view>

#include <rapidjson/stringbuffer.h>
#include <rapidjson/writer.h>

namespace couponhook::server::sandbox {

/// Writes one JSON object: the constructor begins the object, and take() ends it and returns the
/// JSON text.
class JsonWriter {
 public:
  JsonWriter() { writer_.StartObject(); }

  JsonWriter& field(std::string_view name, std::string_view value) {
    key(name);
    return text(value);
  }
  JsonWriter& field(std::string_view name, const char* value) {
    return field(name, std::string_view(value));
  }
  template <std::integral Value>
  JsonWriter& field(std::string_view name, Value value) {
    key(name);
    if constexpr (std::same_as<Value, bool>) {
      writer_.Bool(value);
    } else {
      writer_.Int64(static_cast<std::int64_t>(value));
    }
    return *this;
  }
  JsonWriter& field(std::string_view name, double value) {
    key(name);
    writer_.Double(value);
    return *this;
  }
  template <typename Texts>
  JsonWriter& texts(std::string_view name, const Texts& values) {
    list(name);
    for (const std::string& value : values) text(value);
    return end_list();
  }
  /// Adds a member whose value is already JSON text; the text is copied unchanged.
  JsonWriter& raw(std::string_view name, std::string_view json) {
    key(name);
    writer_.RawValue(json.data(), json.size(), rapidjson::kObjectType);
    return *this;
  }

  JsonWriter& object(std::string_view name) {
    key(name);
    return object();
  }
  JsonWriter& list(std::string_view name) {
    key(name);
    writer_.StartArray();
    return *this;
  }
  /// Begins an object as the next item of the JSON array that is being written.
  JsonWriter& object() {
    writer_.StartObject();
    return *this;
  }
  /// Adds a string as the next item of the JSON array that is being written.
  JsonWriter& text(std::string_view value) {
    writer_.String(value.data(), static_cast<rapidjson::SizeType>(value.size()));
    return *this;
  }
  /// Adds a number as the next item of the JSON array that is being written.
  JsonWriter& number(std::int64_t value) {
    writer_.Int64(value);
    return *this;
  }
  JsonWriter& end() {
    writer_.EndObject();
    return *this;
  }
  JsonWriter& end_list() {
    writer_.EndArray();
    return *this;
  }

  [[nodiscard]] std::string take() {
    writer_.EndObject();
    return {buffer_.GetString(), buffer_.GetSize()};
  }

 private:
  void key(std::string_view name) {
    writer_.Key(name.data(), static_cast<rapidjson::SizeType>(name.size()));
  }

  rapidjson::StringBuffer buffer_;
  rapidjson::Writer<rapidjson::StringBuffer> writer_{buffer_};
};

}  // namespace couponhook::server::sandbox
