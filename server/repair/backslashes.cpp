#include "server/repair/backslashes.hpp"

#include "base/ascii.hpp"
#include "base/percent_encoding.hpp"

namespace couponhook::server {

std::string remove_backslashes(std::string_view text) {
  std::string plain;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '\\' || i + 1 == text.size()) {
      plain += text[i];
      continue;
    }
    ++i;
    const bool is_hex = text[i] == 'x' && i + 2 < text.size() && base::is_hex_digit(text[i + 1]) &&
                        base::is_hex_digit(text[i + 2]);
    if (is_hex) {
      plain += base::percent_decode("%" + std::string(text.substr(i + 1, 2))).value_or("");
      i += 2;
    } else if (text[i] == '"' || text[i] == '\\' || text[i] == '/' || text[i] == '\'') {
      plain += text[i];
    } else {
      plain.append(1, '\\').append(1, text[i]);
    }
  }
  return plain;
}

}  // namespace couponhook::server
