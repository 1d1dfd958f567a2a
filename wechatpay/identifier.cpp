#include "wechatpay/identifier.hpp"

#include <algorithm>
#include <array>
#include <cstddef>

#include "base/ascii.hpp"

namespace couponhook::wechatpay {
namespace {

using base::is_alphanumeric;
using base::is_digit;

bool is_name_character(char c) {
  return is_alphanumeric(c) || c == '-' || c == '_';
}

bool is_code_character(char c) {
  return is_alphanumeric(c) || std::string_view(" -_\\/=|").find(c) != std::string_view::npos;
}

struct Form {
  std::size_t characters_max;
  bool (*is_allowed)(char);
  std::string_view words;  // error message for an id that is not valid
};

Form form(Identifier identifier) {
  switch (identifier) {
    case Identifier::kStockId:
    case Identifier::kCouponId:
      return {20, is_digit, "is not 1 to 20 digits"};
    case Identifier::kTransactionId:
    case Identifier::kRefundId:
    case Identifier::kMchid:
      return {32, is_digit, "is not 1 to 32 digits"};
    case Identifier::kCouponCode:
      return {40, is_code_character, "is not 1 to 40 of 0-9 A-Z a-z space - _ \\ / = |"};
    case Identifier::kOpenid:
      return {128, is_name_character, "is not 1 to 128 of 0-9 A-Z a-z - _"};
    case Identifier::kAppid:
      break;
  }
  return {32, is_name_character, "is not 1 to 32 of 0-9 A-Z a-z - _"};
}

constexpr std::array<std::string_view, 8> kBlanks{
    " ", "\t", "\r", "\n", "\xC2\xA0", "\xE3\x80\x80", "\xE2\x80\x8B", "\xEF\xBB\xBF"};

std::string_view without_blanks(std::string_view text) {
  for (bool found = true; found;) {
    found = false;
    for (const std::string_view blank : kBlanks) {
      if (text.starts_with(blank)) {
        text.remove_prefix(blank.size());
        found = true;
      } else if (text.ends_with(blank)) {
        text.remove_suffix(blank.size());
        found = true;
      }
    }
  }
  return text;
}

/// Returns true for a number in a form that spreadsheet programs write, such as "4.2E+27", "1,234"
/// or "98670003.0".
bool is_rewritten_number(std::string_view text) {
  const bool has_digit = std::ranges::any_of(text, is_digit);
  return has_digit && text.find_first_not_of("0123456789.,+-eE") == std::string_view::npos &&
         text.find_first_of(".,+eE") != std::string_view::npos;
}

/// Returns true if the 16th and all further digits of a number are zeros. A spreadsheet program
/// keeps only 15 digits of a number and replaces the others by zeros.
bool is_rounded(std::string_view digits) {
  constexpr std::size_t kKeptDigits = 15;
  return digits.size() > kKeptDigits &&
         digits.find_first_not_of('0', kKeptDigits) == std::string_view::npos;
}

}  // namespace

std::string_view form_of(Identifier identifier) {
  constexpr std::string_view kIsNot = "is not ";
  return form(identifier).words.substr(kIsNot.size());
}

bool has_form(Identifier identifier, std::string_view text) {
  const Form wanted = form(identifier);
  return !text.empty() && text.size() <= wanted.characters_max &&
         std::ranges::all_of(text, wanted.is_allowed);
}

Unmarked without_marks(std::string_view field) {
  Unmarked found{without_blanks(field)};
  // Remove marks (backticks, apostrophes, blanks) in a loop, because several programs may have
  // added marks one after the other.
  for (std::size_t size = 0; size != found.text.size();) {
    size = found.text.size();
    if (found.text.starts_with('`') || found.text.starts_with('\'')) {
      found.text.remove_prefix(1);
      found.is_text = true;
    } else if (size >= 3 && found.text.starts_with("=\"") && found.text.ends_with('"')) {
      found.text = found.text.substr(2, size - 3);
      found.is_text = true;
    }
    found.text = without_blanks(found.text);
  }
  return found;
}

std::string_view damage_of(Identifier identifier, const Unmarked& field) {
  const std::string_view text = field.text;
  const Form wanted = form(identifier);
  if (text.empty()) return "is empty";
  if (!has_form(identifier, text)) {
    if (is_rewritten_number(text)) {
      return "was turned into a number by a spreadsheet, which loses its digits";
    }
    return wanted.words;
  }
  if (wanted.is_allowed == is_digit && !field.is_text && is_rounded(text)) {
    return "was rounded by a spreadsheet: only zeros follow its first 15 digits";
  }
  return {};
}

}  // namespace couponhook::wechatpay
