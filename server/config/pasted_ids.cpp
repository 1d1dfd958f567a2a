#include "server/config/pasted_ids.hpp"

#include <algorithm>
#include <array>
#include <memory>
#include <optional>

#include <openssl/bn.h>

#include "crypto/pasted_text.hpp"

namespace couponhook::server {
namespace {

constexpr std::string_view kIdPrefix = "PUB_KEY_ID_";
constexpr std::string_view kDigits = "0123456789";
constexpr std::string_view kHexDigits = "0123456789ABCDEFabcdef";
/// Labels that tools print before a certificate's serial, in lower case.
constexpr std::array<std::string_view, 6> kSerialLabels = {
    "serial number", "serialnumber", "serial_no", "serial", "证书序列号", "序列号"};
/// Largest number of hexadecimal digits in a serial. RFC 5280, section 4.1.2.2, allows at most 20
/// bytes.
constexpr std::size_t kSerialDigitsMax = 40;
/// Number of digits from which a serial without letters counts as decimal: only one in ten thousand
/// hexadecimal serials of this length has no letter.
constexpr std::size_t kDecimalDigitsMin = 20;

bool consists_of(std::string_view text, std::string_view characters) {
  return !text.empty() && text.find_first_not_of(characters) == std::string_view::npos;
}

// Returns the text with its ASCII letters changed to capitals. The functions of the C library are
// not used for this, because they depend on the process's locale.
std::string in_capitals(std::string_view text) {
  std::string capitals(text);
  for (char& c : capitals) {
    if (c >= 'a' && c <= 'z') c = static_cast<char>(c - 'a' + 'A');
  }
  return capitals;
}

std::string_view without_label(std::string_view text) {
  const std::string capitals = in_capitals(text);
  for (const std::string_view label : kSerialLabels) {
    if (!capitals.starts_with(in_capitals(label))) continue;
    const std::string_view rest = crypto::strip_blanks(text.substr(label.size()));
    if (rest.starts_with(':') || rest.starts_with('=')) {
      return crypto::strip_blanks(rest.substr(1));
    }
  }
  return text;
}

/// Returns the part of a certificate's serial that stands in brackets, for example "0x1000" for the
/// text "4096 (0x1000)". openssl prints short serials in this form.
std::string_view within_brackets(std::string_view text) {
  const std::size_t open = text.find("(0x");
  if (open == std::string_view::npos || !text.ends_with(')')) return text;
  return text.substr(open + 1, text.size() - open - 2);
}

std::string without_separators(std::string_view text) {
  std::string digits;
  while (!text.empty()) {
    const crypto::PastedChar next = crypto::first_char(text);
    if (!next.is_blank() && !next.is_one_of(":-")) digits += text.substr(0, next.size);
    text.remove_prefix(next.size);
  }
  return digits;
}

std::string to_hexadecimal(const std::string& decimal) {
  BIGNUM* number = nullptr;
  BN_dec2bn(&number, decimal.c_str());
  const std::unique_ptr<BIGNUM, void (*)(BIGNUM*)> owner(number, BN_free);
  char* text = BN_bn2hex(number);
  std::string hexadecimal(text != nullptr ? text : "");
  OPENSSL_free(text);
  return hexadecimal;
}

/// Removes the leading zeros of a hexadecimal serial, then adds a zero if the number of digits is
/// odd. A serial with the full 40 digits keeps its leading zeros, because they are part of the
/// serial.
std::string without_superfluous_zeros(std::string digits) {
  if (digits.size() > kSerialDigitsMax) {
    const std::size_t zeros = std::min(digits.find_first_not_of('0'), digits.size());
    digits.erase(0, std::min(zeros, digits.size() - kSerialDigitsMax));
  }
  if (digits.size() >= kSerialDigitsMax) return digits;
  digits.erase(0, std::min(digits.find_first_not_of('0'), digits.size() - 1));
  return digits.size() % 2 == 0 ? digits : "0" + digits;
}

bool is_public_key_id(std::string_view text) {
  return in_capitals(text.substr(0, kIdPrefix.size())) == kIdPrefix;
}

}  // namespace

std::string normalise_mchid(std::string_view text) {
  return crypto::clean_pasted(text);
}

std::string normalise_public_key_id(std::string_view text) {
  std::string id = crypto::clean_pasted(text);
  return is_public_key_id(id) ? in_capitals(id) : id;
}

std::string normalise_certificate_serial(std::string_view text) {
  const std::string clean = crypto::clean_pasted(text);
  if (is_public_key_id(clean)) return in_capitals(clean);
  std::string digits = without_separators(within_brackets(without_label(clean)));
  if (digits.starts_with("0x") || digits.starts_with("0X")) digits.erase(0, 2);
  if (!consists_of(digits, kHexDigits)) return clean;
  if (digits.size() > kSerialDigitsMax && consists_of(digits, kDigits) && digits.front() != '0') {
    return without_superfluous_zeros(to_hexadecimal(digits));
  }
  return without_superfluous_zeros(in_capitals(digits));
}

std::string explain_mchid(std::string_view mchid) {
  if (const auto unusual = crypto::find_unusual_char(mchid)) {
    return "has " + *unusual + " in it; write the merchant's number, digits only";
  }
  return {};
}

std::string explain_public_key_id(std::string_view id) {
  if (const auto unusual = crypto::find_unusual_char(id)) {
    return "has " + *unusual + " in it; copy the id from the console again, PUB_KEY_ID_ and digits";
  }
  if (!is_public_key_id(id)) {
    return consists_of(id, kHexDigits) && !consists_of(id, kDigits)
               ? "looks like a certificate's serial; the public key's id is PUB_KEY_ID_ and digits"
               : "must begin with PUB_KEY_ID_, which belongs to the id";
  }
  const std::string_view rest = id.substr(kIdPrefix.size());
  const bool is_plain = consists_of(rest, "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ_");
  return is_plain ? std::string() : "must be PUB_KEY_ID_ and digits, as the console shows it";
}

std::string explain_certificate_serial(std::string_view serial) {
  const auto say = [](std::string what) { return what + "; " + std::string(kSerialRemedy); };
  if (is_public_key_id(serial)) {
    return say(
        "is the id of a WeChat Pay public key, not the serial of the merchant's own API "
        "certificate");
  }
  if (!consists_of(serial, kHexDigits)) {
    const auto unusual = crypto::find_unusual_char(serial);
    return say("is not a hexadecimal number" +
               (unusual ? ": it has " + *unusual + " in it" : std::string()));
  }
  if (serial.size() > kSerialDigitsMax) {
    return say("has " + std::to_string(serial.size()) + " digits, and a serial has at most " +
               std::to_string(kSerialDigitsMax));
  }
  return {};
}

bool looks_decimal(std::string_view serial) {
  return serial.size() >= kDecimalDigitsMin && consists_of(serial, kDigits);
}

}  // namespace couponhook::server
