#include "server/repair/header_repairs.hpp"

#include <algorithm>
#include <array>
#include <string>
#include <string_view>
#include <utility>

#include "base/percent_encoding.hpp"

namespace couponhook::server {
namespace {

struct SignedHeader {
  std::string_view name;
  std::string SignedMessage::*value;
};
constexpr std::array<SignedHeader, 4> kHeaders{{
    {"Wechatpay-Timestamp", &SignedMessage::timestamp},
    {"Wechatpay-Nonce", &SignedMessage::nonce},
    {"Wechatpay-Serial", &SignedMessage::serial},
    {"Wechatpay-Signature", &SignedMessage::signature},
}};

/// Returns the text without quotes and blanks at its ends.
std::string unquoted(std::string_view value) {
  constexpr std::string_view kQuotes = " \t\"'[]";
  const auto begin = value.find_first_not_of(kQuotes);
  if (begin == std::string_view::npos) return {};
  return std::string(value.substr(begin, value.find_last_not_of(kQuotes) + 1 - begin));
}

/// Returns the first half of a value that consists of the same text twice, such as "a, a".
std::string halved(const std::string& value) {
  for (const std::string_view separator : {", ", ",", ";", " "}) {
    if (value.size() < separator.size() + 2 || (value.size() - separator.size()) % 2 != 0) continue;
    const std::size_t half = (value.size() - separator.size()) / 2;
    const std::string_view first = std::string_view(value).substr(0, half);
    const bool is_doubled = value.compare(half, separator.size(), separator) == 0 &&
                            std::string_view(value).substr(half + separator.size()) == first;
    if (is_doubled) return std::string(first);
  }
  return value;
}

std::string decoded(const std::string& value) {
  return base::percent_decode(value).value_or(value);
}

std::string with_plus(const std::string& value) {
  std::string copy = value;
  std::ranges::replace(copy, ' ', '+');
  return copy;
}

template <typename Change>
void repair_each(const SignedMessage& message, Damage damage, const Change& change,
                 std::vector<RepairedHeaders>& repairs) {
  RepairedHeaders repair{message, {damage, {}}};
  for (const SignedHeader& header : kHeaders) {
    std::string& value = repair.message.*header.value;
    std::string changed = change(value);
    if (changed == value) continue;
    if (!repair.damage.detail.empty()) repair.damage.detail += ", ";
    repair.damage.detail += header.name;
    value = std::move(changed);
  }
  if (!repair.damage.detail.empty()) repairs.push_back(std::move(repair));
}

}  // namespace

std::vector<RepairedHeaders> repair_headers(const SignedMessage& message) {
  std::vector<RepairedHeaders> repairs;
  repair_each(message, Damage::kHeaderDoubled, halved, repairs);
  repair_each(message, Damage::kHeaderQuoted, unquoted, repairs);
  repair_each(message, Damage::kPlusBecameBlank, with_plus, repairs);
  repair_each(message, Damage::kPercentEncoded, decoded, repairs);
  for (std::size_t a = 0; a < kHeaders.size(); ++a) {
    for (std::size_t b = a + 1; b < kHeaders.size(); ++b) {
      RepairedHeaders swapped{message,
                              {Damage::kHeadersSwapped, std::string(kHeaders[a].name) + " and " +
                                                            std::string(kHeaders[b].name)}};
      std::swap(swapped.message.*kHeaders[a].value, swapped.message.*kHeaders[b].value);
      if (swapped.message != message) repairs.push_back(std::move(swapped));
    }
  }
  return repairs;
}

}  // namespace couponhook::server
