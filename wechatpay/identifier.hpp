#pragma once

/// \file
/// Forms of WeChat Pay's identifiers, and the marks that people's tools put around them.
///
/// An identifier that a spreadsheet has rewritten (4.2E+27) is another identifier: stored, it makes
/// a redemption that never was, and the true one is redeemed once more beside it. Sources:
/// wechatpay-protocol sections 3 and 5; for the alphabet of coupon codes WeChat Pay's
/// apis/chapter9_2_6.

#include <cstdint>
#include <string_view>

namespace couponhook::wechatpay {

enum class Identifier : std::uint8_t {
  kStockId,        ///< 1 to 20 digits
  kCouponId,       ///< of a favor coupon: 1 to 20 digits
  kCouponCode,     ///< of a merchant or product coupon: 1 to 40 of 0-9 A-Z a-z space - _ \ / = |
  kTransactionId,  ///< 1 to 32 digits
  kRefundId,       ///< 1 to 32 digits
  kMchid,          ///< 1 to 32 digits
  kOpenid,         ///< 1 to 128 of 0-9 A-Z a-z - _
  kAppid,          ///< 1 to 32 of 0-9 A-Z a-z - _
};

/// The form in words: "1 to 32 digits".
[[nodiscard]] std::string_view form_of(Identifier identifier);

[[nodiscard]] bool has_form(Identifier identifier, std::string_view text);

/// A field without what is no part of its value: blanks around it (full-width, zero-width and
/// non-breaking ones too), a leading backtick or apostrophe, ="…".
struct Unmarked {
  std::string_view text;
  /// Whether it was marked as text, so that no spreadsheet can have taken it for a number.
  bool is_text = false;
};
[[nodiscard]] Unmarked without_marks(std::string_view field);

/// What has become of an identifier, in words that follow its name: "is empty", "is not 1 to 32
/// digits", "was rounded by a spreadsheet …". Empty where it has its form. Holds nothing of it.
[[nodiscard]] std::string_view damage_of(Identifier identifier, const Unmarked& field);

}  // namespace couponhook::wechatpay
