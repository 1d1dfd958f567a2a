#pragma once

/// \file
/// Requests to WeChat Pay's APIs and their replies, as plain data.
///
/// The code in wechatpay/ builds requests and parses replies. It opens no socket, starts no thread
/// and reads no clock. An API call has four steps; the caller does the second step itself:
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
  Api api;                     ///< selects rate limit and retry rules: see spec_of()
  std::string method;          ///< HTTP method: GET or POST
  std::string path_and_query;  ///< percent-encoded; sent and signed without further changes
  std::string body;            ///< JSON body; empty for GET
  std::string accept = "application/json";
  /// Value of the Wechatpay-Serial header, if this call needs one in every key mode (security
  /// echo). If empty, ApiCaller::public_key_id is used.
  std::string platform_serial{};
};

struct ApiReply {
  unsigned status = 0;
  std::vector<Header> headers;
  std::string body;

  /// Value of the first header with that name, ignoring letter case; empty if there is none. The
  /// returned view points into this object.
  [[nodiscard]] std::string_view header(std::string_view name) const;
};

}  // namespace couponhook::wechatpay
