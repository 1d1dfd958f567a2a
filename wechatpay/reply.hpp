#pragma once

/// \file
/// From a reply to a body that may be believed.

#include <chrono>
#include <string>

#include "crypto/platform_keys.hpp"
#include "wechatpay/api_error.hpp"

namespace couponhook::wechatpay {

/// How old a reply may be. Source: WeChat Pay APIv3, "signature verification".
inline constexpr std::chrono::seconds kReplyTolerance{300};

/// The error that a reply tells of.
/// \param reply one whose status is not 2xx.
[[nodiscard]] ApiError read_error(Api api, const ApiReply& reply);

/// Looks at the status, then at the signature.
///
/// A refusal is believed without one, as in WeChat Pay's own SDKs: gateways in front of the APIs do
/// not sign, and all that a forged refusal achieves is a failure. A success is believed only when
/// its signature holds, or where the API has none (ApiSpec::reply_signed), in which case the caller
/// compares the content's hash.
/// \return the body, a view into the reply's.
[[nodiscard]] ApiResult<std::string_view> accept_reply(
    const ApiRequest& request, const ApiReply& reply, const crypto::PlatformKeys& keys,
    std::chrono::sys_seconds now, std::chrono::seconds tolerance = kReplyTolerance);

/// Only the signature, under the given keys.
[[nodiscard]] boost::system::result<void, ApiError> check_signature(
    Api api, const ApiReply& reply, const crypto::PlatformKeys& keys, std::chrono::sys_seconds now,
    std::chrono::seconds tolerance = kReplyTolerance);

}  // namespace couponhook::wechatpay
