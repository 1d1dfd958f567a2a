#pragma once

/// \file
/// Signs API requests: the Authorization header and the other request headers.

#include <chrono>
#include <string>
#include <string_view>
#include <vector>

#include "crypto/signer.hpp"
#include "wechatpay/api.hpp"

namespace couponhook::wechatpay {

/// A merchant that calls WeChat Pay's APIs. With several merchants, each call names one.
/// Thread-safe.
struct ApiCaller {
  std::string mchid;
  std::string certificate_serial;  ///< serial of the merchant's API certificate
  crypto::Signer signer;           ///< signs with the private key of that certificate
  /// In public-key mode the id PUB_KEY_ID_…, which asks WeChat Pay to sign replies with that key.
  /// Empty in certificate mode: WeChat Pay then chooses the key.
  std::string public_key_id{};
};

/// The message that a request's signature covers: five lines, each ended by LF.
/// Source: wechatpay-protocol section 4; WeChat Pay APIv3, "signature generation".
[[nodiscard]] std::string request_message(std::string_view method, std::string_view path_and_query,
                                          std::string_view timestamp, std::string_view nonce,
                                          std::string_view body);

/// The value of the Authorization header, with its fields in the order of WeChat Pay's SDKs.
[[nodiscard]] std::string authorization_value(std::string_view mchid, std::string_view nonce,
                                              std::string_view timestamp,
                                              std::string_view certificate_serial,
                                              std::string_view signature);

/// All headers of a request except Host, Content-Length and Connection: Authorization, Accept,
/// User-Agent, Content-Type (if there is a body), and Wechatpay-Serial (if a serial is set).
/// \param nonce 32 random characters, new for each attempt.
/// \param now becomes the signed timestamp. WeChat Pay accepts a clock difference of five minutes.
[[nodiscard]] std::vector<Header> request_headers(const ApiRequest& request,
                                                  const ApiCaller& caller, std::string_view nonce,
                                                  std::chrono::sys_seconds now);

}  // namespace couponhook::wechatpay
