#pragma once

/// \file
/// Requests to WeChat Pay's APIs and their replies, as plain data.
///
/// The code in wechatpay/ builds requests and parses replies. It opens no socket, starts no thread
/// and reads no clock. An API call has four steps; the caller of this code does the second step
/// (sending) itself:
///
///     ApiRequest request = send_coupon_request(...);            // one builder for each API
///     ApiReply reply = <send it with request_headers(...)>;      // authorization.hpp
///     auto body = accept_reply(request, reply, keys, now);       // reply.hpp: errors, signature
///     auto result = parse_sent_coupon(*body);                    // one parser for each API

#include <string>
#include <string_view>
#include <vector>

#include "wechatpay/api_catalogue.hpp"

namespace couponhook::wechatpay {

struct Header {
  std::string name;
  std::string value;
};

struct ApiRequest {
  /// The called API; selects the rate limit and the retry rule, see spec_of().
  Api api;
  std::string method;  ///< HTTP method of the request: GET or POST
  /// Path and query of the request, percent-encoded; sent and signed without further changes.
  std::string path_and_query;
  std::string body;  ///< JSON body of the request; empty for GET
  std::string accept = "application/json";
  /// Value of the Wechatpay-Serial header, for calls that need this header both in certificate mode
  /// and in public-key mode (only the security echo API). If empty, ApiCaller::public_key_id is
  /// used.
  std::string platform_serial{};
};

struct ApiReply {
  unsigned status = 0;
  std::vector<Header> headers;
  std::string body;

  /// Returns the value of the first reply header with that name, ignoring upper and lower case;
  /// empty if the reply has no such header. The returned view points into this object.
  [[nodiscard]] std::string_view header(std::string_view name) const;
};

}  // namespace couponhook::wechatpay
