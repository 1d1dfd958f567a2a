#include <ostream>

#include "server/commands/outbound.hpp"
#include "server/commands/table.hpp"
#include "wechatpay/busifavor_coupons.hpp"

namespace couponhook::server {
namespace {

using wechatpay::BusifavorCoupon;

struct BusifavorOptions {
  wechatpay::BusifavorCouponName name;
  wechatpay::BusifavorCouponQuery query;
  bool json = false;
};

void show(const BusifavorCoupon& coupon, std::ostream& out) {
  print_facts({{"coupon_code", coupon.coupon_code},
               {"coupon_state", coupon.coupon_state},
               {"stock_id", coupon.stock_id},
               {"stock_name", coupon.stock_name},
               {"belong_merchant", coupon.belong_merchant},
               {"receive_time", coupon.receive_time},
               {"send_request_no", coupon.send_request_no},
               {"use_time", coupon.use_time},
               {"use_request_no", coupon.use_request_no},
               {"associate_out_trade_no", coupon.associate_out_trade_no}},
              out);
}

Exit show_one(const BusifavorOptions& chosen, const CommonOptions& common, Runtime& runtime) {
  const auto broken = wechatpay::violations(chosen.name);
  if (!broken.empty()) return refuse(runtime, "busifavor show", broken);
  auto outbound = open_outbound(common, runtime);
  if (!outbound) return Exit::kUsage;
  return call_and_print(*outbound, runtime, wechatpay::show_busifavor_coupon_request(chosen.name),
                        chosen.json, wechatpay::parse_busifavor_coupon,
                        [&](const BusifavorCoupon& coupon) { show(coupon, runtime.out); });
}

Exit list(const BusifavorOptions& chosen, const CommonOptions& common, Runtime& runtime) {
  auto outbound = open_outbound(common, runtime);
  if (!outbound) return Exit::kUsage;
  wechatpay::BusifavorCouponQuery query = chosen.query;
  if (query.creator_merchant.empty() && query.belong_merchant.empty() &&
      query.sender_merchant.empty()) {
    query.creator_merchant = outbound->mchid;
  }
  const auto broken = wechatpay::violations(query);
  if (!broken.empty()) return refuse(runtime, "busifavor list", broken);
  return call_and_print(
      *outbound, runtime, wechatpay::list_busifavor_coupons_request(query), chosen.json,
      wechatpay::parse_busifavor_coupons, [&](const wechatpay::Page<BusifavorCoupon>& page) {
        Table table{"coupon_code", "stock_id", "state", "received", "used", "name"};
        for (const BusifavorCoupon& coupon : page.items) {
          table.add({coupon.coupon_code, coupon.stock_id, coupon.coupon_state, coupon.receive_time,
                     coupon.use_time, coupon.stock_name});
        }
        table.print(runtime.out);
        print_more(page, query.page, runtime.out);
      });
}

void add_list_options(Options& options, wechatpay::BusifavorCouponQuery& query) {
  add_user_options(options, query.openid, query.appid);
  options.text("--creator", query.creator_merchant,
               "Only coupons of stocks that this merchant created; default: --mchid");
  options.text("--belong", query.belong_merchant,
               "Only coupons of stocks that belong to this merchant");
  options.text("--sender", query.sender_merchant, "Only coupons that this merchant sent");
  options.text("--stock", query.stock_id, "Only coupons of this stock");
  options.text("--state", query.coupon_state, "SENDED (sic), USED or EXPIRED");
  add_page_options(options, query.page, 20);
}

}  // namespace

void declare_busifavor(CommandLine& line, CommonOptions& common, Runtime& runtime) {
  CommandGroup group = line.group("busifavor", "Query busifavor coupons (商家券) of users");
  auto chosen = std::make_shared<BusifavorOptions>();
  const auto add_shared = [&](Options& options) {
    add_merchant_options(options, common);
    options.flag("--json", chosen->json, "Print WeChat Pay's reply (JSON) unchanged");
  };
  Options showing = group.add("show", "Show the state of a coupon", [chosen, &common, &runtime] {
    return show_one(*chosen, common, runtime);
  });
  add_shared(showing);
  showing.required_text("CODE", chosen->name.coupon_code, "Coupon code");
  add_user_options(showing, chosen->name.openid, chosen->name.appid);

  Options listing = group.add("list", "List a user's coupons", [chosen, &common, &runtime] {
    return list(*chosen, common, runtime);
  });
  add_shared(listing);
  add_list_options(listing, chosen->query);
}

}  // namespace couponhook::server
