#pragma once

/// \file
/// Amounts of a refund, in fen (1/100 yuan): what the order cost, what went back, to whom.

#include <cstdint>
#include <string>
#include <string_view>

namespace couponhook::base {

/// Largest amount that counts as an amount of money: 10 billion yuan, in fen. WeChat Pay documents
/// no maximum; a larger number is a mistake, and could overflow a sum.
inline constexpr std::int64_t kFenMax = 1'000'000'000'000;

/// The amounts of one refund, in fen, as in the member "amount" of WeChat Pay's refund
/// notifications.
struct RefundAmounts {
  std::int64_t total = 0;         ///< amount of the whole order, coupons included
  std::int64_t refund = 0;        ///< part of `total` that this refund returned
  std::int64_t payer_total = 0;   ///< part of `total` that the payer paid in cash
  std::int64_t payer_refund = 0;  ///< part of `refund` that the payer got back

  /// Returns the part of the refund that went back to coupons and not to the payer, in fen.
  [[nodiscard]] std::int64_t coupon_refund() const { return refund - payer_refund; }

  friend bool operator==(const RefundAmounts&, const RefundAmounts&) = default;
};

/// Checks that amounts are possible: none is negative or above kFenMax, no part is larger than its
/// whole.
/// \return the problem, such as "amount.refund is more than amount.total"; empty if there is none.
[[nodiscard]] std::string_view flaw_of(const RefundAmounts& amounts);

/// The share of one coupon in a refund, in fen. WeChat Pay reports it only in the reply to a refund
/// query (promotion_detail), not in notifications.
struct CouponShare {
  std::string coupon;              ///< coupon_id of the coupon, named promotion_id by WeChat Pay
  std::int64_t amount = 0;         ///< amount that the coupon paid of the order
  std::int64_t refund_amount = 0;  ///< part of `amount` that this refund returned to the coupon

  friend bool operator==(const CouponShare&, const CouponShare&) = default;
};

/// Checks that the amounts of a share are possible, like flaw_of(const RefundAmounts&).
[[nodiscard]] std::string_view flaw_of(const CouponShare& share);

/// Returns an amount in yuan with two decimals, such as "23.00" for 2300 fen.
[[nodiscard]] std::string yuan(std::int64_t fen);

}  // namespace couponhook::base
