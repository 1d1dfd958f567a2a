#include "base/refund_amounts.hpp"

namespace couponhook::base {
namespace {

bool is_amount(std::int64_t fen) {
  return fen >= 0 && fen <= kFenMax;
}

}  // namespace

std::string_view flaw_of(const RefundAmounts& amounts) {
  if (!is_amount(amounts.total)) return "amount.total is not an amount of money";
  if (!is_amount(amounts.refund)) return "amount.refund is not an amount of money";
  if (!is_amount(amounts.payer_total)) return "amount.payer_total is not an amount of money";
  if (!is_amount(amounts.payer_refund)) return "amount.payer_refund is not an amount of money";
  if (amounts.refund > amounts.total) return "amount.refund is more than amount.total";
  if (amounts.payer_total > amounts.total) return "amount.payer_total is more than amount.total";
  if (amounts.payer_refund > amounts.refund)
    return "amount.payer_refund is more than amount.refund";
  if (amounts.payer_refund > amounts.payer_total) {
    return "amount.payer_refund is more than amount.payer_total";
  }
  return {};
}

std::string_view flaw_of(const CouponShare& share) {
  if (!is_amount(share.amount)) return "promotion_detail.amount is not an amount of money";
  if (!is_amount(share.refund_amount)) {
    return "promotion_detail.refund_amount is not an amount of money";
  }
  if (share.refund_amount > share.amount) {
    return "promotion_detail.refund_amount is more than promotion_detail.amount";
  }
  return {};
}

std::string yuan(std::int64_t fen) {
  // The digits are taken from the unsigned value, because the smallest integer has no positive
  // counterpart.
  const auto magnitude =
      fen < 0 ? 0 - static_cast<std::uint64_t>(fen) : static_cast<std::uint64_t>(fen);
  std::string text = fen < 0 ? "-" : "";
  text += std::to_string(magnitude / 100);
  text += '.';
  text += static_cast<char>('0' + magnitude / 10 % 10);
  text += static_cast<char>('0' + magnitude % 10);
  return text;
}

}  // namespace couponhook::base
