#include <ostream>

#include "server/commands/outbound.hpp"
#include "server/commands/table.hpp"
#include "server/outbound/issued_file.hpp"
#include "wechatpay/coupons.hpp"

namespace couponhook::server {
namespace {

using wechatpay::Coupon;

struct CouponOptions {
  std::filesystem::path file = "-";
  wechatpay::CouponName name;
  wechatpay::CouponQuery query;
  bool json = false;
};

void show(const Coupon& coupon, std::ostream& out) {
  Facts facts{{"coupon_id", coupon.coupon_id},
              {"coupon_name", coupon.coupon_name},
              {"status", coupon.status},
              {"stock_id", coupon.stock_id},
              {"stock_creator_mchid", coupon.stock_creator_mchid},
              {"create_time", coupon.create_time},
              {"available_begin_time", coupon.available_begin_time},
              {"available_end_time", coupon.available_end_time}};
  if (coupon.consumption) {
    facts.emplace_back("consume_time", coupon.consumption->consume_time);
    facts.emplace_back("consume_mchid", coupon.consumption->consume_mchid);
    facts.emplace_back("transaction_id", coupon.consumption->transaction_id);
  }
  print_facts(facts, out);
}

/// Records the user in the issued file (list of users who received a coupon), so that `serve` can
/// query the coupon's state. Call this function before the request to issue the coupon is sent: a
/// request without a reply may still have issued the coupon.
void note_issued(const Outbound& outbound, const wechatpay::NewCoupon& coupon, Runtime& runtime) {
  const std::filesystem::path& file = outbound.merchant().reconcile.issued_file;
  if (file.empty()) return;
  const auto now = std::chrono::floor<std::chrono::seconds>(runtime.clock());
  const auto noted = append_issued(file, {coupon.openid, coupon.appid}, now);
  if (!noted) {
    print_problems(runtime, {{file.string(), noted.error() + "; the coupon was sent"}});
  }
}

Exit send(const CouponOptions& chosen, const CommonOptions& common, Runtime& runtime) {
  const auto body = read_body(chosen.file, runtime);
  if (!body) return Exit::kUsage;
  const auto checked = wechatpay::check_coupon(*body);
  if (!checked.violations.empty()) return refuse(runtime, "coupon send", checked.violations);
  auto outbound = open_outbound(common, runtime);
  if (!outbound) return Exit::kUsage;
  note_issued(*outbound, checked.coupon, runtime);
  return call_and_print(*outbound, runtime, wechatpay::send_coupon_request(checked.coupon),
                        chosen.json, wechatpay::parse_sent_coupon, [&](const std::string& id) {
                          print_facts({{"coupon_id", id}}, runtime.out);
                        });
}

Exit show_one(const CouponOptions& chosen, const CommonOptions& common, Runtime& runtime) {
  const auto broken = wechatpay::violations(chosen.name);
  if (!broken.empty()) return refuse(runtime, "coupon show", broken);
  auto outbound = open_outbound(common, runtime);
  if (!outbound) return Exit::kUsage;
  return call_and_print(*outbound, runtime, wechatpay::show_coupon_request(chosen.name),
                        chosen.json, wechatpay::parse_coupon,
                        [&](const Coupon& coupon) { show(coupon, runtime.out); });
}

Exit list(const CouponOptions& chosen, const CommonOptions& common, Runtime& runtime) {
  auto outbound = open_outbound(common, runtime);
  if (!outbound) return Exit::kUsage;
  wechatpay::CouponQuery query = chosen.query;
  if (query.sender_mchid.empty() && query.available_mchid.empty() && query.creator_mchid.empty()) {
    query.creator_mchid = outbound->mchid;
  }
  const auto broken = wechatpay::violations(query);
  if (!broken.empty()) return refuse(runtime, "coupon list", broken);
  return call_and_print(
      *outbound, runtime, wechatpay::list_coupons_request(query), chosen.json,
      wechatpay::parse_coupons, [&](const wechatpay::Page<Coupon>& page) {
        Table table{"coupon_id", "stock_id", "status", "ends", "redeemed", "name"};
        for (const Coupon& coupon : page.items) {
          table.add({coupon.coupon_id, coupon.stock_id, coupon.status, coupon.available_end_time,
                     coupon.consumption ? coupon.consumption->consume_time : "",
                     coupon.coupon_name});
        }
        table.print(runtime.out);
        print_more(page, query.page, runtime.out);
      });
}

void add_list_options(Options& options, wechatpay::CouponQuery& query) {
  add_user_options(options, query.openid, query.appid);
  options.text("--creator", query.creator_mchid,
               "Only coupons of stocks that this merchant created; default: --mchid");
  options.text("--sender", query.sender_mchid, "Only coupons that this merchant sent");
  options.text("--available", query.available_mchid,
               "Only coupons that can be used at this merchant");
  options.text("--stock", query.stock_id, "Only coupons of this stock");
  options.text("--status", query.status, "SENDED (sic) or USED");
  add_page_options(options, query.page, 20);
}

}  // namespace

void declare_coupon(CommandLine& line, CommonOptions& common, Runtime& runtime) {
  CommandGroup group = line.group("coupon", "Send and query favor coupons (代金券)");
  auto chosen = std::make_shared<CouponOptions>();
  const auto add_shared = [&](Options& options) {
    add_merchant_options(options, common);
    options.flag("--json", chosen->json, "Print WeChat Pay's reply (JSON) unchanged");
  };
  Options sending = group.add(
      "send",
      "Send a coupon to a user; a repetition with the same out_request_no sends no second coupon",
      [chosen, &common, &runtime] { return send(*chosen, common, runtime); });
  add_shared(sending);
  sending.path("FILE", chosen->file, "The request as JSON, with openid; \"-\": standard input");

  Options showing = group.add("show", "Show the state of a coupon", [chosen, &common, &runtime] {
    return show_one(*chosen, common, runtime);
  });
  add_shared(showing);
  showing.required_text("COUPON", chosen->name.coupon_id, "Coupon id");
  add_user_options(showing, chosen->name.openid, chosen->name.appid);

  Options listing = group.add("list", "List a user's coupons", [chosen, &common, &runtime] {
    return list(*chosen, common, runtime);
  });
  add_shared(listing);
  add_list_options(listing, chosen->query);
}

}  // namespace couponhook::server
