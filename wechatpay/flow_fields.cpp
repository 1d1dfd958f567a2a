#include "wechatpay/flow_fields.hpp"

#include <algorithm>
#include <charconv>
#include <cstddef>
#include <string>
#include <system_error>

namespace couponhook::wechatpay {

std::string_view trimmed(std::string_view text) {
  constexpr std::string_view kSpace = " \t\r\n";
  const std::size_t begin = text.find_first_not_of(kSpace);
  if (begin == std::string_view::npos) return {};
  return text.substr(begin, text.find_last_not_of(kSpace) - begin + 1);
}

std::optional<std::int64_t> parse_fen(std::string_view text, bool is_yuan, char separator) {
  const char* const points = separator == ',' ? "." : ".,";
  const std::size_t point = std::min(text.find_first_of(points), text.size());
  std::string digits(text.substr(0, point));
  if (is_yuan || point < text.size()) {
    std::string fraction(point < text.size() ? text.substr(point + 1) : "");
    if (fraction.size() > 2 && fraction.find_first_not_of('0', 2) != std::string::npos) return {};
    fraction.resize(2, '0');
    digits += fraction;
  }
  std::int64_t fen = 0;
  const char* const end = digits.data() + digits.size();
  const auto [stop, error] = std::from_chars(digits.data(), end, fen);
  if (error != std::errc{} || stop != end || digits.empty()) return {};
  return fen;
}

std::optional<Identifier> identifier_in(FlowColumn column) {
  switch (column) {
    case FlowColumn::kStockId:
      return Identifier::kStockId;
    case FlowColumn::kCouponId:
      return Identifier::kCouponId;
    case FlowColumn::kTransactionId:
      return Identifier::kTransactionId;
    case FlowColumn::kRefundId:
      return Identifier::kRefundId;
    case FlowColumn::kMchid:
      return Identifier::kMchid;
    case FlowColumn::kTime:
    case FlowColumn::kDiscount:
    case FlowColumn::kGoods:
      break;
  }
  return {};
}

bool is_absent(std::string_view text) {
  return text.empty() || text == "-";
}

}  // namespace couponhook::wechatpay
