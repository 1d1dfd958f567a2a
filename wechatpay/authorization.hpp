#pragma once

/// \file
/// How a request says who sends it.

#include <chrono>
#include <string>
#include <string_view>
#include <vector>

#include "crypto/signer.hpp"
#include "wechatpay/api.hpp"

namespace couponhook::wechatpay {

/// A merchant as WeChat Pay knows it. Several live side by side; each call names one. Thread-safe.
struct ApiCaller {
  std::string mchid;
  std::string certificate_serial;  ///< of the merchant's own API certificate
  crypto::Signer signer;           ///< with that certificate's private key
  /// PUB_KEY_ID_… in public-key mode: asks WeChat Pay to sign its replies with that key. Empty in
  /// certificate mode, where it chooses itself.
  std::string public_key_id{};
};

/// What a request's signature covers: five lines, each ended by LF.
/// Source: wechatpay-protocol section 4; WeChat Pay APIv3, "signature generation".
[[nodiscard]] std::string request_message(std::string_view method, std::string_view path_and_query,
                                          std::string_view timestamp, std::string_view nonce,
                                          std::string_view body);

/// The value of the Authorization header, its fields in the order of WeChat Pay's SDKs.
[[nodiscard]] std::string authorization_value(std::string_view mchid, std::string_view nonce,
                                              std::string_view timestamp,
                                              std::string_view certificate_serial,
                                              std::string_view signature);

/// All headers of a request but Host, Content-Length and Connection: Authorization, Accept,
/// User-Agent, Content-Type where there is a body, Wechatpay-Serial where it is due.
/// \param nonce 32 random characters, new for each attempt.
/// \param now becomes the signed timestamp; WeChat Pay accepts five minutes of difference.
[[nodiscard]] std::vector<Header> request_headers(const ApiRequest& request,
                                                  const ApiCaller& caller, std::string_view nonce,
                                                  std::chrono::sys_seconds now);

}  // namespace couponhook::wechatpay
