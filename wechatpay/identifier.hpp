#pragma once

/// \file
/// Valid forms of WeChat Pay's identifiers, and detection of identifiers that a spreadsheet
/// changed.
///
/// An identifier that a spreadsheet rewrote (4.2E+27) is a different identifier. If it were stored,
/// the ledger would get a redemption that never happened, and reconciliation would store the real
/// one in addition. Source: WeChat Pay's documentation; page apis/chapter9_2_6 for the characters
/// of coupon codes.

#include <cstdint>
#include <string_view>

namespace couponhook::wechatpay {

enum class Identifier : std::uint8_t {
  kStockId,     ///< id of a stock: 1 to 20 digits
  kCouponId,    ///< id of a favor coupon: 1 to 20 digits
  kCouponCode,  ///< code of a 商家券 or a product coupon: 1 to 40 of 0-9 A-Z a-z space - _ \ / = |
  kTransactionId,  ///< id of a payment at WeChat Pay: 1 to 32 digits
  kRefundId,       ///< id of a refund at WeChat Pay: 1 to 32 digits
  kMchid,          ///< id of a merchant: 1 to 32 digits
  kOpenid,         ///< openid of a user: 1 to 128 of 0-9 A-Z a-z - _
  kAppid,          ///< id of a WeChat app (appid): 1 to 32 of 0-9 A-Z a-z - _
};

/// \return the valid form of an identifier in words, for example "1 to 32 digits".
[[nodiscard]] std::string_view form_of(Identifier identifier);

/// Returns true if `text` has the valid form of this kind of identifier.
[[nodiscard]] bool has_form(Identifier identifier, std::string_view text);

/// The value of a field in a file, without the marks that tools put around it: blanks (also
/// full-width, zero-width and non-breaking ones), a leading backtick or apostrophe, and ="…".
struct Unmarked {
  std::string_view text;
  /// True if the field had a mark that makes it text, so that no spreadsheet can have treated the
  /// value as a number.
  bool is_text = false;
};
[[nodiscard]] Unmarked without_marks(std::string_view field);

/// Returns words that describe how an identifier is damaged, to be written after the name of the
/// identifier in a message: "is empty", "is not 1 to 32 digits", "was rounded by a spreadsheet …".
/// The words contain nothing of the value.
/// \return empty if the identifier has its valid form.
[[nodiscard]] std::string_view damage_of(Identifier identifier, const Unmarked& field);

}  // namespace couponhook::wechatpay
