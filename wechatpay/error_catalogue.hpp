#pragma once

/// \file
/// Catalogue of the error codes of WeChat Pay's APIs, with advice and a retry rule for each code.

#include <span>
#include <string_view>

#include "wechatpay/api_error.hpp"

namespace couponhook::wechatpay {

struct ErrorRow {
  std::string_view code;
  Retry retry;
  std::string_view advice;
};

/// Returns the error codes that WeChat Pay documents for the APIs used here. Source: the general
/// error table and the error tables of the API pages in WeChat Pay's documentation.
[[nodiscard]] std::span<const ErrorRow> documented_errors();

/// Returns the advice and the retry rule for an error code of WeChat Pay. For an undocumented code
/// they are chosen by the HTTP status. If a code has a special meaning for one API, that meaning is
/// used: RESOURCE_NOT_EXISTS means a missing certificate for one API and a missing stock for
/// another.
[[nodiscard]] ErrorRow explain_error(Api api, unsigned status, std::string_view code);

/// Returns true if the error says that this merchant has no platform certificates. WeChat Pay signs
/// messages to such merchants (all new ones since the end of 2024) only with its public key, so the
/// certificates must not be requested again.
[[nodiscard]] bool means_public_key_merchant(const ApiError& error);

}  // namespace couponhook::wechatpay
