#include "sandbox/api.hpp"
#include "sandbox/fields.hpp"
#include "sandbox/local/beijing_time.hpp"
#include "sandbox/query.hpp"

namespace couponhook::server::sandbox {
namespace {

ApiError no_such_merchant() {
  return {400, "MCH_NOT_EXISTS", "商户号不合法"};
}

/// Returns the error with which WeChat Pay refuses a notification URL that does not use https or
/// that has a query string.
ApiError unusable_url() {
  return {500, "SYSTEM_ERROR", "系统繁忙，请稍后重试"};
}

Result<Answer> set_callback(Platform& platform, const Call& call, Product product) {
  const auto body = read_body(call);
  if (!body) return body.error();
  std::optional<ApiError> error;
  Fields fields(body->value(), "", error);
  const bool is_favor = product == Product::kFavor;
  std::string mchid = fields.text("mchid", is_favor ? 1 : 0, 20);
  if (mchid.empty()) mchid = call.mchid;
  const std::string url = fields.text("notify_url", 1, 256);
  const bool on = !is_favor || fields.optional_boolean("switch", true);
  if (error) return std::move(*error);
  if (mchid != call.mchid) return no_such_merchant();
  if (!url.starts_with("https://") || !base::parse_url(url) || url.find('?') != std::string::npos) {
    return unusable_url();
  }
  platform.accounts.at(mchid).callbacks[product] = {url, on};
  JsonWriter json;
  json.field("update_time", beijing_time(call.now.wall)).field("notify_url", url);
  if (!is_favor) json.field("mchid", mchid);
  return Answer{json.take()};
}

Result<Answer> get_callback(Platform& platform, const Call& call, Product product) {
  Query query(call);
  std::string mchid =
      product == Product::kFavor ? query.text("mchid") : query.optional_text("mchid");
  if (query.error()) return *query.error();
  if (mchid.empty()) mchid = call.mchid;
  if (mchid != call.mchid) return no_such_merchant();
  const Callback& callback = platform.accounts.at(mchid).callbacks[product];
  if (callback.url.empty()) return not_found("通知URL不存在");
  return Answer{JsonWriter().field("mchid", mchid).field("notify_url", callback.url).take()};
}

}  // namespace

void add_callback_routes(Routes& routes, Platform& platform) {
  const auto add = [&](const char* path, Product product) {
    routes.add("POST", path, [&platform, product](const Call& call) {
      return set_callback(platform, call, product);
    });
    routes.add("GET", path, [&platform, product](const Call& call) {
      return get_callback(platform, call, product);
    });
  };
  add("/v3/marketing/favor/callbacks", Product::kFavor);
  add("/v3/marketing/busifavor/callbacks", Product::kBusifavor);
}

}  // namespace couponhook::server::sandbox
