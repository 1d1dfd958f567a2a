#pragma once

/// \file
/// What goes to WeChat Pay and what comes back, as plain data.
///
/// This room builds requests and reads replies; it opens no socket, starts no thread and asks no
/// clock. A call is made in four steps, of which only the second is not here:
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
  Api api;                     ///< its limits and whether it may be repeated: see spec_of()
  std::string method;          ///< GET or POST
  std::string path_and_query;  ///< encoded; sent and signed exactly as it stands here
  std::string body;            ///< JSON; empty for GET
  std::string accept = "application/json";
  /// The Wechatpay-Serial header where this call needs one whatever the key mode is (security
  /// echo); empty: what ApiCaller says.
  std::string platform_serial{};
};

struct ApiReply {
  unsigned status = 0;
  std::vector<Header> headers;
  std::string body;

  /// The first header of that name, letter case aside; empty where there is none. A view.
  [[nodiscard]] std::string_view header(std::string_view name) const;
};

}  // namespace couponhook::wechatpay
