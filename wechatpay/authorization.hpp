#pragma once

/// \file
/// Signs API requests to WeChat Pay: makes the Authorization header and the other request headers.

#include <chrono>
#include <string>
#include <string_view>
#include <vector>

#include "crypto/signer.hpp"
#include "wechatpay/api.hpp"

namespace couponhook::wechatpay {

/// The merchant that makes an API request. If several merchants are configured, each API call is
/// made for one of them. Thread-safe.
struct ApiCaller {
  std::string mchid;
  /// Serial of the API certificate that WeChat Pay has issued to the merchant.
  std::string certificate_serial;
  /// Signs API requests with the private key of the merchant's API certificate.
  crypto::Signer signer;
  /// Id of WeChat Pay's public key (PUB_KEY_ID_…), used in public-key mode: the request asks WeChat
  /// Pay to sign its reply with this key. Empty in certificate mode, in which WeChat Pay chooses
  /// the key.
  std::string public_key_id{};
};

/// Returns the text over which the signature of an API request is made: method, path with query,
/// timestamp, nonce and body, as five lines, each ended by LF.
/// Source: WeChat Pay's APIv3 documentation, "signature generation".
[[nodiscard]] std::string request_message(std::string_view method, std::string_view path_and_query,
                                          std::string_view timestamp, std::string_view nonce,
                                          std::string_view body);

/// Returns the value of the Authorization header of an API request. The fields in the value have
/// the same order as in WeChat Pay's SDKs.
[[nodiscard]] std::string authorization_value(std::string_view mchid, std::string_view nonce,
                                              std::string_view timestamp,
                                              std::string_view certificate_serial,
                                              std::string_view signature);

/// Returns these headers of an API request: Authorization, Accept, User-Agent, Content-Type (if
/// there is a body), and Wechatpay-Serial (if a serial is set). The caller adds Host,
/// Content-Length and Connection.
/// \param nonce 32 random characters, new for each attempt to send the request.
/// \param now the current time, which is signed as the request's timestamp. WeChat Pay accepts a
///   clock difference of five minutes.
[[nodiscard]] std::vector<Header> request_headers(const ApiRequest& request,
                                                  const ApiCaller& caller, std::string_view nonce,
                                                  std::chrono::sys_seconds now);

}  // namespace couponhook::wechatpay
