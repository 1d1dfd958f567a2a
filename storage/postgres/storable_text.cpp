#include "storage/postgres/storable_text.hpp"

#include <algorithm>
#include <cstddef>

#include "base/utf8.hpp"

namespace couponhook::storage {
namespace {

/// \return the number of bytes at the beginning of `text` that PostgreSQL accepts in a text column.
std::size_t storable_prefix(std::string_view text) {
  std::size_t at = 0;
  while (at < text.size() && text[at] != '\0') {
    const std::size_t size = base::utf8_character_size(text.substr(at));
    if (size == 0) break;
    at += size;
  }
  return at;
}

}  // namespace

std::string_view storable_text(std::string_view text, std::string& repaired) {
  const bool plain = std::all_of(text.begin(), text.end(), [](char c) { return c > '\0'; });
  if (plain) return text;
  std::size_t good = storable_prefix(text);
  if (good == text.size()) return text;
  repaired.clear();
  while (good < text.size()) {
    repaired.append(text.substr(0, good)).append(base::kReplacementCharacter);
    text.remove_prefix(good + 1);
    good = storable_prefix(text);
  }
  repaired.append(text);
  return repaired;
}

}  // namespace couponhook::storage
