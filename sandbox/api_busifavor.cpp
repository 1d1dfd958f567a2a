#include <map>

#include "sandbox/api.hpp"
#include "sandbox/digests.hpp"
#include "sandbox/events.hpp"
#include "sandbox/local/beijing_time.hpp"
#include "sandbox/query.hpp"

namespace couponhook::server::sandbox {
namespace {

bool belongs_to_app(const CouponRecords& records, const Coupon& coupon, const std::string& appid) {
  // A 商家券 that a user accepted through an H5 link (a link to a web page) has no appid, because
  // the link contains no appid.
  return records.find_stock(coupon.stock_id)->product == Product::kBusifavor &&
         (coupon.appid.empty() || coupon.appid == appid);
}

void write_busifavor_coupon(const CouponRecords& records, const Coupon& coupon, Time now,
                            JsonWriter& json) {
  const Stock& stock = *records.find_stock(coupon.stock_id);
  json.field("belong_merchant", stock.terms.belong_merchant)
      .field("stock_name", stock.terms.name)
      .field("goods_name", stock.terms.name)
      .field("stock_type", "NORMAL")
      .field("coupon_state", status_of(records, coupon, now))
      .field("coupon_code", coupon.id)
      .field("stock_id", stock.id)
      .field("available_start_time", beijing_time(stock.terms.available_from))
      .field("expire_time", beijing_time(stock.terms.available_until))
      .field("receive_time", beijing_time(coupon.received_at))
      .field("send_request_no", coupon.out_request_no);
  if (const auto* paid = records.find_transaction(coupon.transaction_id)) {
    json.field("use_request_no", paid->out_trade_no).field("use_time", beijing_time(paid->paid_at));
  }
}

Result<Answer> show_busifavor_coupon(const Platform& platform, const Call& call) {
  const CouponRecords& records = platform.records;
  const Coupon* coupon = records.find_coupon(call.path_parameters.at(1));
  if (coupon == nullptr || coupon->openid != call.path_parameters.front() ||
      !belongs_to_app(records, *coupon, call.path_parameters.at(2))) {
    return not_found("券不存在");
  }
  JsonWriter json;
  write_busifavor_coupon(records, *coupon, call.now.wall, json);
  return Answer{json.take()};
}

Result<Answer> list_busifavor_coupons(const Platform& platform, const Call& call) {
  Query query(call);
  const Page page = read_page(query);
  const std::string appid = query.text("appid");
  const std::string stock_id = query.optional_text("stock_id");
  const std::string state = query.optional_text("coupon_state");
  if (query.error()) return *query.error();
  const CouponRecords& records = platform.records;
  JsonWriter json;
  PageWriter data(page, json);
  records.each_coupon_of(call.path_parameters.front(), [&](const Coupon& coupon) {
    if (!belongs_to_app(records, coupon, appid)) return;
    if (!stock_id.empty() && coupon.stock_id != stock_id) return;
    if (!state.empty() && status_of(records, coupon, call.now.wall) != state) return;
    data.add([&](JsonWriter& item) {
      write_busifavor_coupon(records, coupon, call.now.wall, item.object());
      item.end();
    });
  });
  data.end();
  return Answer{json.take()};
}

/// Returns the signature that an H5 link (a link to a web page on which a user accepts a 商家券)
/// must contain: HMAC-SHA256 over all parameters of the link except `sign`, sorted by name and not
/// URL-encoded.
std::string h5_signature(const base::RequestTarget& target, const crypto::Secret& api_v2_key) {
  std::map<std::string, std::string> signed_parameters;
  for (const char* name :
       {"coupon_code", "open_id", "out_request_no", "send_coupon_merchant", "stock_id"}) {
    const std::string value(target.parameter(name).value_or(""));
    if (!value.empty()) signed_parameters[name] = value;
  }
  std::string message;
  for (const auto& [name, value] : signed_parameters) message += name + "=" + value + "&";
  message += "key=" + std::string(api_v2_key.reveal());
  return hmac_sha256_hex(api_v2_key.reveal(), message);
}

/// Simulates a user who opens an H5 link (a link to a web page) and accepts the 商家券. The error
/// codes are numbers, as WeChat Pay uses them for H5 links.
Result<Answer> follow_h5_link(Platform& platform, const Call& call) {
  Query query(call);
  SendOrder order;
  order.stock_id = query.text("stock_id");
  order.out_request_no = query.text("out_request_no");
  order.sender_mchid = query.text("send_coupon_merchant");
  order.openid = query.text("open_id");
  order.coupon_code = query.optional_text("coupon_code");
  order.creator_mchid = order.sender_mchid;
  order.channel = "H5";
  const std::string sign = query.text("sign");
  if (query.error()) return *query.error();
  const auto account = platform.accounts.find(order.sender_mchid);
  if (account == platform.accounts.end() || account->second.api_v2_key.empty() ||
      sign != h5_signature(call.target, account->second.api_v2_key)) {
    return ApiError{400, "272758293", "签名错误"};
  }
  bool is_new = false;
  const auto coupon = platform.records.issue(order, call.now.wall, is_new);
  if (!coupon) return coupon.error();
  if (is_new) {
    notify(platform, order.creator_mchid, Product::kBusifavor,
           issue_draft(**coupon, platform.chance.uuid()), "", call.now);
  }
  return Answer{JsonWriter()
                    .field("stock_id", (*coupon)->stock_id)
                    .field("coupon_code", (*coupon)->id)
                    .take()};
}

}  // namespace

void add_busifavor_routes(Routes& routes, Platform& platform) {
  routes.add("GET", "/v3/marketing/busifavor/users/*/coupons",
             [&platform](const Call& call) { return list_busifavor_coupons(platform, call); });
  routes.add("GET", "/v3/marketing/busifavor/users/*/coupons/*/appids/*",
             [&platform](const Call& call) { return show_busifavor_coupon(platform, call); });
  routes.add("GET", "/busifavor/getcouponinfo",
             [&platform](const Call& call) { return follow_h5_link(platform, call); });
}

}  // namespace couponhook::server::sandbox
