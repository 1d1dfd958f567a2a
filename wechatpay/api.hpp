#pragma once

/// \file
/// Requests to WeChat Pay's APIs and their replies, as plain data.
///
/// The code in wechatpay/ only builds requests and parses replies. It opens no socket, starts no
/// thread and reads no clock. An API call has four steps; the caller of this code must do the
/// second step (sending the request) itself:
///
///     ApiRequest request = send_coupon_request(...);            // one builder for each API
///     ApiReply reply = <send it with request_headers(...)>;      // authorization.hpp
///     auto body = accept_reply(request, reply, keys, now);       // reply.hpp: errors, signature
///     auto result = parse_sent_coupon(*body);                    // one parser for each API

#include <optional>
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
  /// The API that is called; spec_of() gives its rate limit and its rule for sending a failed
  /// request again.
  Api api;
  std::string method;  ///< HTTP method of the request: GET or POST
  /// Path and query of the API request, percent-encoded. Exactly these bytes are sent and signed.
  std::string path_and_query;
  std::string body;  ///< body of the API request, usually JSON; empty for GET
  std::string accept = "application/json";
  /// Value of the request header Wechatpay-Serial. Set only for the security echo API, which needs
  /// this header both in certificate mode and in public-key mode. If empty,
  /// ApiCaller::public_key_id is used.
  std::string platform_serial{};
  /// Value of the request header Content-Type, which is sent only if there is a body.
  std::string content_type = "application/json";
  /// The text that is signed in place of the body. Set only for uploads of files: WeChat Pay
  /// verifies the signature over the form's part `meta` alone. If absent, the body is signed.
  std::optional<std::string> signed_text{};
};

struct ApiReply {
  unsigned status = 0;
  std::vector<Header> headers;
  std::string body;

  /// Returns the value of the first reply header with this name; upper and lower case are not
  /// distinguished. Empty if the reply has no such header. The returned view points into this
  /// object.
  [[nodiscard]] std::string_view header(std::string_view name) const;
};

}  // namespace couponhook::wechatpay
