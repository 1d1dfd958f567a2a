#pragma once

/// \file
/// Repairs one string of a flawed JSON text. Internal header: only base/ includes it.

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/repaired_json.hpp"

namespace couponhook::base {

/// Reads one JSON string and at the same time writes the repaired string to the output.
class StringRepairer {
 public:
  /// \param rest the JSON text after the opening quote of the string. The bytes that run() reads
  ///   are removed from `rest`.
  /// \param out the output text, to which the repaired string is appended, quotes included.
  StringRepairer(std::string_view& rest, std::string& out) : rest_(rest), out_(out) {}

  /// Reads, repairs and writes the string.
  /// \return false if the string has no closing quote.
  bool run();

  [[nodiscard]] std::uint16_t flaws() const { return flaws_; }
  /// Returns the value of the repaired JSON string, with its escapes decoded.
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
