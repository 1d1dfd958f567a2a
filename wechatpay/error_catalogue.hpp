#pragma once

/// \file
/// WeChat Pay's error codes, and what to do about each.

#include <span>
#include <string_view>

#include "wechatpay/api_error.hpp"

namespace couponhook::wechatpay {

struct ErrorRow {
  std::string_view code;
  Retry retry;
  std::string_view advice;
};

/// Codes documented for the APIs of this room: wechatpay-protocol section 4, and the error tables
/// of the API pages.
[[nodiscard]] std::span<const ErrorRow> documented_errors();

/// The row of a code; for a code that is not documented, a row by its HTTP status. What a code
/// means for one API only comes first: a missing certificate is no missing stock.
[[nodiscard]] ErrorRow explain_error(Api api, unsigned status, std::string_view code);

/// The merchant has no platform certificates, because it is one of those (all new ones since the
/// end of 2024) to whom WeChat Pay signs with its public key only: never ask again.
/// Source: wechatpay-protocol section 1.6.
[[nodiscard]] bool means_public_key_merchant(const ApiError& error);

}  // namespace couponhook::wechatpay
