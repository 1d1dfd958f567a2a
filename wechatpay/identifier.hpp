#pragma once

/// \file
/// Valid forms of WeChat Pay's identifiers, and detection of identifiers that a spreadsheet
/// changed.
///
/// An identifier that a spreadsheet rewrote (4.2E+27) is a different identifier. If it were stored,
/// the ledger would get a redemption that never happened, and reconciliation would store the real
/// one in addition. Sources: wechatpay-protocol sections 3 and 5; WeChat Pay's apis/chapter9_2_6
/// for the characters of coupon codes.

#include <cstdint>
#include <string_view>

namespace couponhook::wechatpay {

enum class Identifier : std::uint8_t {
  kStockId,     ///< id of a stock: 1 to 20 digits
  kCouponId,    ///< id of a favor coupon: 1 to 20 digits
  kCouponCode,  ///< code of a merchant or product coupon: 1 to 40 of 0-9 A-Z a-z space - _ \ / = |
  kTransactionId,  ///< WeChat Pay's id of a payment: 1 to 32 digits
  kRefundId,       ///< WeChat Pay's id of a refund: 1 to 32 digits
  kMchid,          ///< id of a merchant: 1 to 32 digits
  kOpenid,         ///< id of a user: 1 to 128 of 0-9 A-Z a-z - _
  kAppid,          ///< id of an app: 1 to 32 of 0-9 A-Z a-z - _
};

/// \return the valid form of an identifier in words, for example "1 to 32 digits".
[[nodiscard]] std::string_view form_of(Identifier identifier);

/// Returns true if `text` has the valid form of the identifier.
[[nodiscard]] bool has_form(Identifier identifier, std::string_view text);

/// The value of a field without its marks: blanks around the value (also full-width, zero-width and
/// non-breaking ones), a leading backtick or apostrophe, and ="…".
struct Unmarked {
  std::string_view text;
  /// True if a mark made the field text, so that no spreadsheet can have treated the value as a
  /// number.
  bool is_text = false;
};
[[nodiscard]] Unmarked without_marks(std::string_view field);

/// Describes the damage of an identifier, to follow its name in a message: "is empty", "is not 1 to
/// 32 digits", "was rounded by a spreadsheet …". Contains nothing of the value.
/// \return empty if the identifier has its valid form.
[[nodiscard]] std::string_view damage_of(Identifier identifier, const Unmarked& field);

}  // namespace couponhook::wechatpay
