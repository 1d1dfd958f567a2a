#pragma once

/// \file
/// The strings of a JSON text with flaws. Private to mended_json.cpp.

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/mended_json.hpp"

namespace couponhook::base {

/// One string, read and written at once.
class StringMender {
 public:
  /// \param rest begins behind the opening quote; what was read is taken off it.
  /// \param out is given the string with its quotes.
  StringMender(std::string_view& rest, std::string& out) : rest_(rest), out_(out) {}

  /// \return whether the string ends.
  bool run();

  [[nodiscard]] std::uint16_t flaws() const { return flaws_; }
  /// Unescaped.
  [[nodiscard]] std::string& value() { return value_; }

 private:
  void replace(JsonFlaw flaw, std::size_t bytes);
  void take_control(unsigned char byte);
  void take_character();
  bool take_escape();
  void take_unicode_escape();

  std::string_view& rest_;
  std::string& out_;
  std::string value_;
  std::uint16_t flaws_ = 0;
};

}  // namespace couponhook::base
