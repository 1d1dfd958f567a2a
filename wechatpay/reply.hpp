#pragma once

/// \file
/// Checks the HTTP status and the signature of an API reply before its body is used.

#include <chrono>
#include <string>

#include "crypto/platform_keys.hpp"
#include "wechatpay/api_error.hpp"

namespace couponhook::wechatpay {

/// Largest accepted difference between the time in an API reply and the local clock. Source: WeChat
/// Pay's APIv3 documentation, "signature verification".
inline constexpr std::chrono::seconds kReplyTolerance{300};

/// Converts an API reply with an error status to an ApiError.
/// \param reply a reply whose HTTP status is not 2xx.
[[nodiscard]] ApiError read_error(Api api, const ApiReply& reply);

/// Checks the HTTP status of an API reply, then its signature.
///
/// An error reply is accepted without a signature, as in WeChat Pay's own SDKs: gateways in front
/// of the APIs do not sign their errors, and a forged error can only make a call fail. A success
/// reply is accepted only if its signature is valid. WeChat Pay does not sign the success replies
/// of some APIs (ApiSpec::reply_signed is false); they are accepted too, and the caller must then
/// check the hash of the content.
/// \return the body of the reply, as a view into `reply`; or an error.
[[nodiscard]] ApiResult<std::string_view> accept_reply(
    const ApiRequest& request, const ApiReply& reply, const crypto::PlatformKeys& keys,
    std::chrono::sys_seconds now, std::chrono::seconds tolerance = kReplyTolerance);

/// Checks only the signature of an API reply, with the given platform keys (public keys of WeChat
/// Pay).
/// \return an error if the signature is not valid.
[[nodiscard]] boost::system::result<void, ApiError> check_signature(
    Api api, const ApiReply& reply, const crypto::PlatformKeys& keys, std::chrono::sys_seconds now,
    std::chrono::seconds tolerance = kReplyTolerance);

}  // namespace couponhook::wechatpay
