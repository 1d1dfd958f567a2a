#pragma once

/// \file
/// Catalogue of WeChat Pay's error codes, with advice and a retry rule for each.

#include <span>
#include <string_view>

#include "wechatpay/api_error.hpp"

namespace couponhook::wechatpay {

struct ErrorRow {
  std::string_view code;
  Retry retry;
  std::string_view advice;
};

/// The documented error codes of the APIs used here. Source: wechatpay-protocol section 4, and the
/// error tables of the API pages.
[[nodiscard]] std::span<const ErrorRow> documented_errors();

/// Finds the catalogue row of an error code; for an undocumented code, a row by HTTP status. A
/// meaning that is special to one API comes first: RESOURCE_NOT_EXISTS means a missing certificate
/// for one API and a missing stock for another.
[[nodiscard]] ErrorRow explain_error(Api api, unsigned status, std::string_view code);

/// Returns true if the error says that this merchant has no platform certificates. For such
/// merchants (all new ones since the end of 2024), WeChat Pay signs only with its public key, so
/// the certificates must not be requested again.
/// Source: wechatpay-protocol section 1.6.
[[nodiscard]] bool means_public_key_merchant(const ApiError& error);

}  // namespace couponhook::wechatpay
