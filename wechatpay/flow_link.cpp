#include "wechatpay/flow_link.hpp"

#include <algorithm>
#include <utility>

#include "base/ascii.hpp"
#include "base/url.hpp"
#include "crypto/digest.hpp"
#include "wechatpay/json_view.hpp"

namespace couponhook::wechatpay {
namespace {

Api api_of(FlowKind kind) {
  return kind == FlowKind::kUse ? Api::kUseFlow : Api::kRefundFlow;
}

std::string origin_of(const base::UrlParts& url) {
  std::string origin = base::lower_case(url.scheme) + "://";
  const bool ipv6 = url.host.find(':') != std::string_view::npos;
  origin.append(ipv6 ? "[" : "").append(base::lower_case(url.host)).append(ipv6 ? "]" : "");
  if (!url.port.empty()) origin.append(":").append(url.port);
  return origin;
}

bool may_receive_authorization(const std::string& origin, std::string_view base_url) {
  if (origin == "https://api.mch.weixin.qq.com" || origin == "https://api2.mch.weixin.qq.com") {
    return true;
  }
  const auto base = base::split_url(base_url);
  return base && origin == origin_of(*base);
}

ApiError refuse(ApiFailure kind, std::string message, std::string advice) {
  ApiError error;
  error.failure = kind;
  error.api = Api::kFlowDownload;
  error.message = std::move(message);
  error.advice = std::move(advice);
  return error;
}

}  // namespace

std::string_view to_string(FlowKind kind) {
  return kind == FlowKind::kUse ? "use" : "refund";
}

std::optional<FlowKind> parse_flow_kind(std::string_view text) {
  if (text == "use") return FlowKind::kUse;
  if (text == "refund") return FlowKind::kRefund;
  return {};
}

ApiRequest flow_link_request(FlowKind kind, std::string_view stock_id) {
  base::TargetBuilder target("/v3/marketing/favor/stocks");
  target.segment(stock_id).segment(kind == FlowKind::kUse ? "use-flow" : "refund-flow");
  return {api_of(kind), "GET", std::move(target).text(), {}};
}

std::chrono::sys_seconds flow_available_at(std::chrono::sys_seconds activity_end) {
  using std::chrono::days;
  using std::chrono::hours;
  constexpr hours kBeijing{8};
  const auto day_of_end = std::chrono::floor<days>(activity_end + kBeijing);
  return day_of_end + days(1) + hours(10) - kBeijing;
}

ApiResult<FlowLink> parse_flow_link(FlowKind kind, std::string_view body) {
  const auto json = JsonText::parse(body);
  if (!json) return unreadable(api_of(kind), "JSON object");
  const JsonView root = json->root();
  FlowLink link{root.text("url"), root.text("hash_value"), root.text("hash_type")};
  if (link.url.empty()) return unreadable(api_of(kind), "url");
  if (link.hash_value.empty()) return unreadable(api_of(kind), "hash_value");
  if (base::lower_case(link.hash_type) != "sha1")
    return unreadable(api_of(kind), "hash_type (SHA1)");
  return link;
}

ApiResult<ApiRequest> download_request(const FlowLink& link, std::string_view base_url) {
  const auto url = base::split_url(link.url);
  const bool plain =
      std::all_of(link.url.begin(), link.url.end(), [](char c) { return c > ' ' && c < 0x7F; });
  if (!plain || !url || url->has_user_info || url->has_fragment || url->path.empty()) {
    return unreadable(Api::kFlowDownload, "url: it is not a URL");
  }
  if (!may_receive_authorization(origin_of(*url), base_url)) {
    return refuse(ApiFailure::kUntrusted, "the download link leads to another host than the API's",
                  "nothing was sent there; if merchant.api.base_url is a proxy of yours, it must "
                  "rewrite the link too");
  }
  std::string target(url->path);
  if (url->has_query) target.append("?").append(url->query);
  ApiRequest request{Api::kFlowDownload, "GET", std::move(target), {}};
  // Set an Accept header that allows JSON, although the flow file is not JSON: WeChat Pay sends
  // errors as JSON, and replies 406 to requests that do not accept JSON.
  request.accept = "application/json, text/plain, */*";
  return request;
}

std::string download_origin(const FlowLink& link) {
  const auto url = base::split_url(link.url);
  return url ? origin_of(*url) : std::string();
}

boost::system::result<void, ApiError> check_flow_content(const FlowLink& link,
                                                         std::string_view content) {
  if (crypto::to_hex(crypto::sha1(content)) == base::lower_case(link.hash_value)) return {};
  return refuse(ApiFailure::kUntrusted,
                "the file's SHA-1 is not the one that WeChat Pay promised (" +
                    std::to_string(content.size()) + " bytes came)",
                "the download was cut short or altered: ask for a new link and download again");
}

}  // namespace couponhook::wechatpay
