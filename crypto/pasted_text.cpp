#include "crypto/pasted_text.hpp"

#include <algorithm>
#include <array>
#include <utility>

#include "base/utf8.hpp"

namespace couponhook::crypto {
namespace {

constexpr std::uint32_t kFullWidthFirst = 0xFF01;
constexpr std::uint32_t kFullWidthLast = 0xFF5E;
constexpr std::uint32_t kFullWidthOffset = 0xFF01 - '!';

struct NamedChar {
  std::uint32_t code;
  std::string_view name;
};

constexpr std::array kNamed = {
    NamedChar{0x00, "a NUL byte"},
    NamedChar{'\t', "a tab"},
    NamedChar{'\n', "a line break"},
    NamedChar{'\r', "a carriage return"},
    NamedChar{' ', "a blank"},
    NamedChar{0x00A0, "a no-break space"},
    NamedChar{0x00AD, "a soft hyphen"},
    NamedChar{0x2009, "a thin space"},
    NamedChar{0x200B, "a zero-width space"},
    NamedChar{0x200C, "a zero-width non-joiner"},
    NamedChar{0x200D, "a zero-width joiner"},
    NamedChar{0x200E, "a left-to-right mark"},
    NamedChar{0x200F, "a right-to-left mark"},
    NamedChar{0x2018, "a curly quote"},
    NamedChar{0x2019, "a curly quote"},
    NamedChar{0x201C, "a curly quote"},
    NamedChar{0x201D, "a curly quote"},
    NamedChar{0x2060, "a word joiner"},
    NamedChar{0x3000, "a full-width blank"},
    NamedChar{0xFEFF, "a byte order mark"},
};

struct Range {
  std::uint32_t first;
  std::uint32_t last;
};

bool lies_in(std::uint32_t code, std::initializer_list<Range> ranges) {
  return std::ranges::any_of(
      ranges, [code](Range range) { return range.first <= code && code <= range.last; });
}

/// Returns true for a character that has no width on the screen.
bool is_invisible(std::uint32_t code) {
  return lies_in(code, {{0x00AD, 0x00AD},
                        {0x180E, 0x180E},
                        {0x200B, 0x200F},
                        {0x202A, 0x202E},
                        {0x2060, 0x206F},
                        {0xFE00, 0xFE0F},
                        {0xFEFF, 0xFEFF}});
}

bool is_space(std::uint32_t code) {
  return lies_in(code, {{'\t', '\r'},
                        {' ', ' '},
                        {0x0085, 0x0085},
                        {0x00A0, 0x00A0},
                        {0x1680, 0x1680},
                        {0x2000, 0x200A},
                        {0x2028, 0x2029},
                        {0x202F, 0x202F},
                        {0x205F, 0x205F},
                        {0x3000, 0x3000}});
}

bool is_quote(std::uint32_t code) {
  return code == '"' || code == '\'' || code == '`' ||
         lies_in(code, {{0x00AB, 0x00AB},
                        {0x00BB, 0x00BB},
                        {0x00B4, 0x00B4},
                        {0x2018, 0x201F},
                        {0x2039, 0x203A},
                        {0x300C, 0x300F}});
}

std::uint32_t narrow(std::uint32_t code) {
  return lies_in(code, {{kFullWidthFirst, kFullWidthLast}}) ? code - kFullWidthOffset : code;
}

std::string hexadecimal(std::uint32_t code, std::size_t digits) {
  std::string text(digits, '0');
  for (std::size_t i = digits; i > 0; --i, code >>= 4) text[i - 1] = "0123456789ABCDEF"[code & 15U];
  return text;
}

/// Returns `text` without the characters at its beginning and end for which the function `goes`
/// returns true.
template <typename Goes>
std::string_view strip(std::string_view text, const Goes& goes) {
  while (!text.empty()) {
    const PastedChar first = first_char(text);
    if (!first.code || !goes(*first.code)) break;
    text.remove_prefix(first.size);
  }
  while (!text.empty()) {
    std::size_t at = text.size() - 1;
    while (at > 0 && (static_cast<unsigned char>(text[at]) & 0xC0U) == 0x80U) --at;
    const PastedChar last = first_char(text.substr(at));
    if (!last.code || at + last.size != text.size() || !goes(*last.code)) break;
    text.remove_suffix(last.size);
  }
  return text;
}

}  // namespace

PastedChar first_char(std::string_view text) {
  if (text.empty()) return {};
  const auto [bytes, code] = base::first_utf8_character(text);
  return {bytes, code};
}

bool PastedChar::is_one_of(std::string_view ascii) const {
  return code && *code < 0x80 && ascii.find(static_cast<char>(*code)) != std::string_view::npos;
}

bool PastedChar::is_blank() const {
  return code && (is_space(*code) || is_invisible(*code));
}

std::string PastedChar::name() const {
  if (!code) return "a byte that is not UTF-8";
  const auto* named = std::ranges::find(kNamed, *code, &NamedChar::code);
  const std::string point = "U+" + hexadecimal(*code, *code > 0xFFFF ? 6 : 4);
  if (named != kNamed.end()) {
    return std::string(named->name) + (*code < 0x80 ? std::string() : " (" + point + ")");
  }
  if (is_blank()) return "an invisible character (" + point + ")";
  if (*code < 0x20 || lies_in(*code, {{0x7F, 0x9F}})) return "a control character (" + point + ")";
  if (narrow(*code) != *code) return "a full-width character (" + point + ")";
  if (*code < 0x80) return std::string(1, static_cast<char>(*code));
  return "a character outside of ASCII (" + point + ")";
}

bool looks_like_utf16(std::string_view text) {
  return text.starts_with("\xFF\xFE") || text.starts_with("\xFE\xFF") ||
         (text.size() >= 2 && (text[0] == '\0') != (text[1] == '\0'));
}

std::string_view strip_blanks(std::string_view text) {
  return strip(text, [](std::uint32_t code) { return is_space(code) || is_invisible(code); });
}

std::string clean_pasted(std::string_view text) {
  std::string narrowed;
  for (std::string_view rest = text; !rest.empty();) {
    const PastedChar next = first_char(rest);
    const std::string_view bytes = rest.substr(0, next.size);
    rest.remove_prefix(next.size);
    if (next.code && is_invisible(*next.code)) continue;
    const std::uint32_t code = next.code ? narrow(*next.code) : 0;
    if (next.code && code != *next.code) {
      narrowed += static_cast<char>(code);
    } else {
      narrowed += bytes;
    }
  }
  return std::string(strip(narrowed, [](std::uint32_t code) {
    return is_space(code) || is_invisible(code) || is_quote(code);
  }));
}

bool stands_in_quotes(std::string_view text) {
  const std::string_view rest = strip(text, [](std::uint32_t code) { return is_quote(code); });
  return !rest.empty() && rest.data() != text.data() && rest.end() != text.end();
}

std::optional<std::string> find_unusual_char(std::string_view text) {
  for (std::string_view rest = text; !rest.empty();) {
    const PastedChar next = first_char(rest);
    if (!next.is_visible_ascii()) return next.name();
    rest.remove_prefix(next.size);
  }
  return std::nullopt;
}

}  // namespace couponhook::crypto
