#include <ostream>

#include "server/commands/outbound.hpp"
#include "server/outbound/reachability.hpp"
#include "wechatpay/callbacks.hpp"

namespace couponhook::server {
namespace {

using wechatpay::Api;
using wechatpay::CallbackState;
using wechatpay::CouponProduct;

struct CallbacksOptions {
  std::string product;
  std::string url;
  std::string push;
  bool skips_probe = false;
  bool json = false;

  [[nodiscard]] CouponProduct which() const {
    return wechatpay::parse_coupon_product(product).value();
  }
};

void show_state(const CallbackState& state, std::ostream& out) {
  print_facts({{"notify_url", state.notify_url},
               {"mchid", state.mchid},
               {"update_time", state.update_time}},
              out);
}

bool is_chosen(const CallbacksOptions& chosen, Runtime& runtime) {
  if (!chosen.product.empty()) return true;
  runtime.err << "couponhook: --product is missing: favor or busifavor\n";
  return false;
}

Exit get(const CallbacksOptions& chosen, const CommonOptions& common, Runtime& runtime) {
  if (!is_chosen(chosen, runtime)) return Exit::kUsage;
  auto outbound = open_outbound(common, runtime);
  if (!outbound) return Exit::kUsage;
  const auto request = wechatpay::get_callback_request(chosen.which(), outbound->mchid);
  return call_and_print(
      *outbound, runtime, request, chosen.json,
      [&](std::string_view body) { return wechatpay::parse_callback(request.api, body); },
      [&](const CallbackState& state) { show_state(state, runtime.out); });
}

/// Returns the notification URL that is set at WeChat Pay now. WeChat Pay requires the URL in every
/// request, also in a request that only changes the switch (--switch on or off).
wechatpay::ApiResult<std::string> url_in_force(Outbound& outbound, CouponProduct product) {
  const auto request = wechatpay::get_callback_request(product, outbound.mchid);
  const auto body = outbound.client.call(request);
  if (!body) return body.error();
  auto state = wechatpay::parse_callback(request.api, *body);
  if (!state) return state.error();
  return std::move(state->notify_url);
}

Exit set(const CallbacksOptions& chosen, const CommonOptions& common, Runtime& runtime) {
  if (!is_chosen(chosen, runtime)) return Exit::kUsage;
  if (chosen.url.empty() && chosen.push.empty()) {
    runtime.err << "couponhook: nothing to set: give --url, --switch or both\n";
    return Exit::kUsage;
  }
  auto outbound = open_outbound(common, runtime);
  if (!outbound) return Exit::kUsage;
  wechatpay::CallbackSetting setting{outbound->mchid, chosen.url};
  if (!chosen.push.empty()) setting.enabled = chosen.push == "on";
  if (chosen.url.empty()) {
    auto url = url_in_force(*outbound, chosen.which());
    if (!url) return fail(runtime, url.error());
    setting.notify_url = std::move(*url);
  }
  const auto broken = wechatpay::violations(setting, chosen.which());
  if (!broken.empty()) return refuse(runtime, "callbacks set", broken);
  if (!chosen.url.empty() && !chosen.skips_probe) {
    const auto now = std::chrono::floor<std::chrono::seconds>(runtime.clock());
    const ProbeIdentity identity{live_platform_serial(outbound->client.account(), now), now};
    if (const auto problem = try_url(chosen.url, identity)) {
      runtime.err << "couponhook: callbacks set: notify_url: " << problem->what
                  << "; nothing was set (--no-probe sets it without this test)\n";
      return Exit::kFailed;
    }
  }
  const auto request = wechatpay::set_callback_request(chosen.which(), setting);
  return call_and_print(
      *outbound, runtime, request, chosen.json,
      [&](std::string_view body) { return wechatpay::parse_callback(request.api, body); },
      [&](const CallbackState& state) { show_state(state, runtime.out); });
}

}  // namespace

void declare_callbacks(CommandLine& line, CommonOptions& common, Runtime& runtime) {
  CommandGroup group = line.group("callbacks", "Query or set the notification URLs at WeChat Pay");
  auto chosen = std::make_shared<CallbacksOptions>();
  const auto add_shared = [&](Options& options) {
    add_merchant_options(options, common);
    options.word("--product", chosen->product, {"favor", "busifavor"},
                 "favor (代金券, redemptions) or busifavor (商家券, issues)");
    options.flag("--json", chosen->json, "Print WeChat Pay's reply (JSON) unchanged");
  };
  Options getting = group.add("get", "Show the URL that is set", [chosen, &common, &runtime] {
    return get(*chosen, common, runtime);
  });
  add_shared(getting);
  Options setting = group.add(
      "set",
      "Set the URL, after it was checked against WeChat Pay's rules and called from this machine",
      [chosen, &common, &runtime] { return set(*chosen, common, runtime); });
  add_shared(setting);
  setting.text("--url", chosen->url,
               "https URL without a query string: the merchant's path on this service");
  setting.word("--switch", chosen->push, {"on", "off"},
               "favor only: whether WeChat Pay sends notifications");
  setting.flag("--no-probe", chosen->skips_probe,
               "Set the URL without calling it from this machine first");
}

}  // namespace couponhook::server
