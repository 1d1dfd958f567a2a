#pragma once

/// \file
/// Catalogue of the error codes of WeChat Pay's APIs. For each code: advice for the user, and
/// whether to send the request again.

#include <span>
#include <string_view>

#include "wechatpay/api_error.hpp"

namespace couponhook::wechatpay {

struct ErrorRow {
  std::string_view code;
  Retry retry;
  std::string_view advice;
};

/// Returns the error codes in WeChat Pay's documentation for the APIs that couponhook calls.
/// Source: the general table of error codes and the error tables of the API pages.
[[nodiscard]] std::span<const ErrorRow> documented_errors();

/// Returns the advice for an error code of WeChat Pay, and whether to send the request again. For a
/// code that WeChat Pay does not document, both depend on the HTTP status. If a code has a special
/// meaning for one API, that meaning is used: for example, RESOURCE_NOT_EXISTS can mean a missing
/// certificate or a missing stock (batch of coupons).
[[nodiscard]] ErrorRow explain_error(Api api, unsigned status, std::string_view code);

/// Returns true if the error means that this merchant has no platform certificates. WeChat Pay
/// signs messages to such merchants (all new merchants since the end of 2024) only with its public
/// key, so couponhook must not request the certificates again.
[[nodiscard]] bool means_public_key_merchant(const ApiError& error);

}  // namespace couponhook::wechatpay
