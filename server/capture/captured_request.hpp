#pragma once

/// \file
/// A request to the notification path that was captured elsewhere: by a proxy, a log, tcpdump or a
/// browser.

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "server/net/http_message.hpp"
#include "server/repair/signed_message.hpp"

namespace couponhook::server {

/// Form of a request in the output of `tcpdump -A`, which prints "." for each byte that is no
/// printable ASCII character. So a summary in Chinese is lost.
inline constexpr std::string_view kTcpdumpForm = "tcpdump -A";

/// Least number of characters of a signature; a shorter text is not taken for one.
inline constexpr std::size_t kSignatureMin = 60;

struct CapturedRequest final : HeaderFields {
  /// Name of the file, with the number of the line or entry if the file holds several requests.
  std::string source;
  /// Form of the capture: "raw HTTP", "tcpdump -A", "HAR", "JSON", "log line" or "text".
  std::string form;
  std::string method;  ///< empty if the capture does not contain it
  std::string target;  ///< path and query of the URL; empty if the capture does not contain it
  std::vector<std::pair<std::string, std::string>> headers;
  std::string body;
  /// Value of Content-Length, if the body is shorter: the capture, or the request, was truncated.
  std::optional<std::size_t> promised_bytes;

  [[nodiscard]] std::string_view find(std::string_view name) const override;
  /// Returns the signed parts of the request as they were captured.
  [[nodiscard]] SignedMessage signed_message() const;
};

/// Returns true if the request has a signature and a body.
[[nodiscard]] bool is_complete(const CapturedRequest& request);

/// Returns true if the request has one of the signed headers.
[[nodiscard]] bool is_signed(const CapturedRequest& request);

/// Returns the spelling that WeChat Pay uses if a name, in any spelling that logs and frameworks
/// use, is the name of a signed header: "HTTP_WECHATPAY_NONCE", "wechatpayNonce" and
/// "http_wechatpay_nonce" are Wechatpay-Nonce. Other names are returned unchanged.
[[nodiscard]] std::string canonical_header(std::string_view name);

/// Returns true if canonical_header() knows the name.
[[nodiscard]] bool is_signed_header(std::string_view name);

}  // namespace couponhook::server
