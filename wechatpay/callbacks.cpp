#include "wechatpay/callbacks.hpp"

#include "base/json_writer.hpp"
#include "base/url.hpp"
#include "wechatpay/json_view.hpp"

namespace couponhook::wechatpay {
namespace {

struct Length {
  std::size_t min;
  std::size_t max;
};

Length mchid_length(CouponProduct product) {
  return product == CouponProduct::kFavor ? Length{1, 20} : Length{8, 15};
}

}  // namespace

std::string_view to_string(CouponProduct product) {
  return product == CouponProduct::kFavor ? "favor" : "busifavor";
}

std::optional<CouponProduct> parse_coupon_product(std::string_view text) {
  if (text == "favor") return CouponProduct::kFavor;
  if (text == "busifavor") return CouponProduct::kBusifavor;
  return {};
}

std::vector<RuleViolation> violations(const CallbackSetting& setting, CouponProduct product) {
  Rules rules;
  rules.add(callback_url_violations(setting.notify_url, product));
  const auto [min, max] = mchid_length(product);
  rules.check(is_number(setting.mchid) && has_length(setting.mchid, min, max), "mchid",
              "must be a merchant number of " + std::to_string(min) + " to " + std::to_string(max) +
                  " digits");
  rules.check(!setting.enabled || product == CouponProduct::kFavor, "switch",
              "busifavor has no switch: leave it out");
  return std::move(rules).take();
}

ApiRequest set_callback_request(CouponProduct product, const CallbackSetting& setting) {
  const Api api =
      product == CouponProduct::kFavor ? Api::kFavorCallbackSet : Api::kBusifavorCallbackSet;
  base::JsonWriter body;
  body.begin();
  body.text("mchid", setting.mchid)
      .text("notify_url", setting.notify_url)
      .optional_boolean("switch", setting.enabled);
  return {api, "POST", std::string(spec_of(api).path), body.end().take()};
}

ApiRequest get_callback_request(CouponProduct product, std::string_view mchid) {
  const Api api =
      product == CouponProduct::kFavor ? Api::kFavorCallbackGet : Api::kBusifavorCallbackGet;
  base::TargetBuilder target(spec_of(api).path);
  target.query("mchid", mchid);
  return {api, "GET", std::move(target).text(), {}};
}

ApiResult<CallbackState> parse_callback(Api api, std::string_view body) {
  const auto json = JsonText::parse(body);
  if (!json) return unreadable(api, "JSON object");
  const JsonView root = json->root();
  CallbackState state{root.text("notify_url"), root.text("mchid"), root.text("update_time")};
  if (state.notify_url.empty()) return unreadable(api, "notify_url");
  return state;
}

}  // namespace couponhook::wechatpay
