#pragma once

/// \file
/// Valid forms of WeChat Pay's ids (of coupons, payments and others), and detection of ids that a
/// spreadsheet program changed.
///
/// An id that was changed (for example to 4.2E+27) is the id of something else. If couponhook
/// stored it, the ledger would contain a redemption that never happened, and reconciliation would
/// add the real redemption to it. Source: WeChat Pay's documentation; page apis/chapter9_2_6 for
/// the characters of coupon codes.

#include <cstdint>
#include <string_view>

namespace couponhook::wechatpay {

enum class Identifier : std::uint8_t {
  kStockId,        ///< id of a stock (batch of coupons): 1 to 20 digits
  kCouponId,       ///< id of a favor coupon (代金券): 1 to 20 digits
  kCouponCode,     ///< code of a 商家券 or 商品券: 1 to 40 of 0-9 A-Z a-z space - _ \ / = |
  kTransactionId,  ///< id of a payment at WeChat Pay: 1 to 32 digits
  kRefundId,       ///< id of a refund at WeChat Pay: 1 to 32 digits
  kMchid,          ///< id of a merchant: 1 to 32 digits
  kOpenid,         ///< openid of a user: 1 to 128 of 0-9 A-Z a-z - _
  kAppid,          ///< id of a WeChat app (appid): 1 to 32 of 0-9 A-Z a-z - _
};

/// Returns the valid form of an id in words, for example "1 to 32 digits".
[[nodiscard]] std::string_view form_of(Identifier identifier);

/// Returns true if `text` has the valid form of this kind of id.
[[nodiscard]] bool has_form(Identifier identifier, std::string_view text);

/// The value of a field in a file, without the marks that programs add to it: blanks (also
/// full-width, zero-width and non-breaking blanks), a backtick or apostrophe before it, or ="…"
/// around it.
struct Unmarked {
  std::string_view text;
  /// True if the field had a mark that makes its value a text. A spreadsheet program cannot have
  /// treated such a value as a number.
  bool is_text = false;
};
[[nodiscard]] Unmarked without_marks(std::string_view field);

/// Describes how an id in a field is damaged. The words can be written after the name of the id in
/// a message: "is empty", "is not 1 to 32 digits", "was rounded by a spreadsheet …". They contain
/// nothing of the id itself.
/// \return the description; empty if the id has its valid form.
[[nodiscard]] std::string_view damage_of(Identifier identifier, const Unmarked& field);

}  // namespace couponhook::wechatpay
