#pragma once

/// \file
/// Writes JSON text: for requests to WeChat Pay's API, and for the HTTP replies of the service's
/// status page and of the sandbox (a simulated WeChat Pay).

#include <concepts>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <rapidjson/stringbuffer.h>
#include <rapidjson/writer.h>

#include "base/json.hpp"
#include "base/repaired_json.hpp"
#include "base/utf8.hpp"
#include "base/wechat_time.hpp"

namespace couponhook::base {

/// Returns a copy in which each byte above 0x7F is replaced by U+FFFD. The decrypted part of a
/// notification may contain bytes that are not valid UTF-8, but an HTTP reply that shows this part
/// must be valid JSON.
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

/// Writes one JSON object. This class wraps RapidJSON's writer and accepts std::string_view. Call
/// the functions in the order of the members in the JSON text, and call end() once for every
/// begin().
class JsonWriter {
 public:
  JsonWriter() = default;
  /// \param expected_bytes memory that is allocated at once, for long JSON texts.
  explicit JsonWriter(std::size_t expected_bytes) : buffer_(nullptr, expected_bytes) {}

  JsonWriter& begin() {
    writer_.StartObject();
    return *this;
  }
  JsonWriter& begin(std::string_view key) { return name(key).begin(); }
  JsonWriter& end() {
    writer_.EndObject();
    return *this;
  }
  JsonWriter& begin_list(std::string_view key) {
    name(key);
    writer_.StartArray();
    return *this;
  }
  JsonWriter& end_list() {
    writer_.EndArray();
    return *this;
  }
  JsonWriter& text(std::string_view key, std::string_view value) {
    name(key);
    return value_of(value);
  }
  /// Writes a text as an element of a JSON array.
  JsonWriter& value_of(std::string_view value) {
    if (!is_utf8(value)) return value_of(replace_bytes_outside_ascii(value));
    // RapidJSON does not accept a null pointer, and the data pointer of an empty string_view may be
    // null.
    writer_.String(value.empty() ? "" : value.data(),
                   static_cast<rapidjson::SizeType>(value.size()));
    return *this;
  }
  template <std::integral T>
  JsonWriter& number(std::string_view key, T value) {
    name(key);
    if constexpr (std::signed_integral<T>) {
      writer_.Int64(value);
    } else {
      writer_.Uint64(value);
    }
    return *this;
  }
  JsonWriter& real(std::string_view key, double value) {
    name(key);
    writer_.Double(value);
    return *this;
  }
  JsonWriter& boolean(std::string_view key, bool value) {
    name(key);
    writer_.Bool(value);
    return *this;
  }
  /// Writes a member whose value is a text. If the value is empty, writes nothing, not even the
  /// name of the member. All functions named optional_… do the same with their values.
  JsonWriter& optional_text(std::string_view key, std::string_view value) {
    return value.empty() ? *this : text(key, value);
  }
  JsonWriter& optional_number(std::string_view key, const std::optional<std::int64_t>& value) {
    return value ? number(key, *value) : *this;
  }
  JsonWriter& optional_boolean(std::string_view key, const std::optional<bool>& value) {
    return value ? boolean(key, *value) : *this;
  }
  JsonWriter& optional_texts(std::string_view key, const std::vector<std::string>& values) {
    if (values.empty()) return *this;
    begin_list(key);
    for (const std::string& value : values) value_of(value);
    return end_list();
  }
  JsonWriter& optional_numbers(std::string_view key, const std::vector<std::int64_t>& values) {
    if (values.empty()) return *this;
    begin_list(key);
    for (const std::int64_t value : values) writer_.Int64(value);
    return end_list();
  }
  /// Writes a list of numbers; null in the place of an empty optional.
  JsonWriter& reals(std::string_view key, const std::vector<std::optional<double>>& values) {
    begin_list(key);
    for (const std::optional<double>& value : values) {
      if (value) {
        writer_.Double(*value);
      } else {
        writer_.Null();
      }
    }
    return end_list();
  }
  JsonWriter& time(std::string_view key, std::optional<std::int64_t> unix_ms) {
    return unix_ms ? text(key, format_unix_ms(*unix_ms)) : null(key);
  }
  JsonWriter& null(std::string_view key) {
    name(key);
    writer_.Null();
    return *this;
  }
  /// Writes a member whose value is a valid JSON object, copied byte for byte.
  JsonWriter& object(std::string_view key, std::string_view json) {
    name(key);
    writer_.RawValue(json.data(), json.size(), rapidjson::kObjectType);
    return *this;
  }
  /// Writes a member whose value is JSON text from an untrusted source. A valid object is copied
  /// unchanged, and an object with small errors is repaired first (repaired_json.hpp). Any other
  /// content is written as a JSON string, and empty content as null.
  JsonWriter& document(std::string_view key, const std::string& content) {
    if (content.empty()) return null(key);
    if (parse_object(content, {})) return object(key, content);
    if (const auto repaired = repair_object(content, {}, {})) return object(key, repaired->text);
    return text(key, content);
  }
  /// Writes the cursor of a list that is sent page by page: the value with which the client
  /// requests the next page. Writes null on the last page.
  JsonWriter& cursor(std::string_view key, std::optional<std::int64_t> sequence) {
    return sequence ? text(key, std::to_string(*sequence)) : null(key);
  }
  /// Returns the JSON text that was written so far.
  [[nodiscard]] std::string take() const { return {buffer_.GetString(), buffer_.GetSize()}; }

 private:
  JsonWriter& name(std::string_view key) {
    writer_.Key(key.data(), static_cast<rapidjson::SizeType>(key.size()));
    return *this;
  }

  rapidjson::StringBuffer buffer_;
  rapidjson::Writer<rapidjson::StringBuffer> writer_{buffer_};
};

}  // namespace couponhook::base
