#pragma once

/// \file
/// Builds the fields of one log line, as JSON or as text.

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/printable.hpp"

namespace couponhook::server {

/// Longest value of a field in a log line, in bytes, for fields that a sender controls.
inline constexpr std::size_t kFieldBytesMax = 64;

/// Builds the fields of one log line: `"key":"value",…` as JSON, `key=value …` as text. Quotes are
/// escaped, and bytes outside printable ASCII become question marks, so a value cannot forge
/// another field or line.
class LineFields {
 public:
  explicit LineFields(bool json) : json_(json) { out_.reserve(320); }

  void text(std::string_view key, std::string_view value, std::size_t bytes_max = kFieldBytesMax) {
    if (value.empty()) return;
    begin(key);
    out_ += '"';
    value = value.substr(0, bytes_max);
    if (std::all_of(value.begin(), value.end(), is_plain)) {
      out_ += value;
    } else {
      append_escaped(value);
    }
    out_ += '"';
  }
  /// Writes a text that a person wrote, in any language: keeps characters outside ASCII, and
  /// nothing that could control a terminal. An empty text is written too.
  void readable_text(std::string_view key, std::string_view value) {
    begin(key);
    out_ += '"';
    for (const char c : base::printable(value)) {
      if (c == '"' || c == '\\') out_ += '\\';
      out_ += c;
    }
    out_ += '"';
  }
  void number(std::string_view key, std::uint64_t value) {
    begin(key);
    out_ += std::to_string(value);
  }
  [[nodiscard]] const std::string& line() const { return out_; }

 private:
  // This is a lambda, because the compiler inlines a lambda in standard algorithms. A function
  // would be called through a pointer.
  static constexpr auto is_plain = [](char c) {
    return c >= ' ' && c <= '~' && c != '"' && c != '\\';
  };

  void append_escaped(std::string_view value) {
    for (const char c : value) {
      if (c == '"' || c == '\\') {
        out_ += '\\';
        out_ += c;
      } else {
        out_ += is_plain(c) ? c : '?';
      }
    }
  }
  void begin(std::string_view key) {
    if (json_) {
      out_ += out_.empty() ? "\"" : ",\"";
      out_ += key;
      out_ += "\":";
    } else {
      if (!out_.empty()) out_ += ' ';
      out_ += key;
      out_ += '=';
    }
  }

  bool json_;
  std::string out_;
};

}  // namespace couponhook::server
