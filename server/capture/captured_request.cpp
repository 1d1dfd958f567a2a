#include "server/capture/captured_request.hpp"

#include <algorithm>
#include <array>

#include "base/ascii.hpp"

namespace couponhook::server {
namespace {

constexpr std::array<std::string_view, 5> kSignedHeaders{
    "Wechatpay-Signature-Type", "Wechatpay-Signature", "Wechatpay-Timestamp", "Wechatpay-Nonce",
    "Wechatpay-Serial"};

/// Returns the letters and digits of a name in lower case.
std::string letters_of(std::string_view name) {
  std::string letters;
  for (const char c : name) {
    if (base::is_alphanumeric(c)) letters += base::to_lower(c);
  }
  return letters;
}

/// Returns the signed header that a name means; empty if the name means none.
std::string_view signed_header(std::string_view name) {
  const std::string letters = letters_of(name);
  for (const std::string_view header : kSignedHeaders) {
    if (letters.ends_with(letters_of(header))) return header;
  }
  return {};
}

}  // namespace

std::string_view CapturedRequest::find(std::string_view name) const {
  for (const auto& [known, value] : headers) {
    if (base::equals_ignoring_case(known, name)) return value;
  }
  return {};
}

SignedMessage CapturedRequest::signed_message() const {
  const auto value = [this](std::string_view name) { return std::string(find(name)); };
  return {value("Wechatpay-Timestamp"),      value("Wechatpay-Nonce"),
          value("Wechatpay-Serial"),         value("Wechatpay-Signature"),
          value("Wechatpay-Signature-Type"), body};
}

bool is_complete(const CapturedRequest& request) {
  return !request.find("Wechatpay-Signature").empty() && !request.body.empty();
}

bool is_signed(const CapturedRequest& request) {
  return std::ranges::any_of(request.headers,
                             [](const auto& header) { return is_signed_header(header.first); });
}

std::string canonical_header(std::string_view name) {
  const std::string_view header = signed_header(name);
  return std::string(header.empty() ? name : header);
}

bool is_signed_header(std::string_view name) {
  return !signed_header(name).empty();
}

}  // namespace couponhook::server
