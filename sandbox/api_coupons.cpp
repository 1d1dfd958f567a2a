#include <algorithm>

#include "sandbox/api.hpp"
#include "sandbox/events.hpp"
#include "sandbox/fields.hpp"
#include "sandbox/query.hpp"

namespace couponhook::server::sandbox {
namespace {

Result<Answer> send(Platform& platform, const Call& call) {
  const auto body = read_body(call);
  if (!body) return body.error();
  std::optional<ApiError> error;
  Fields fields(body->value(), "", error);
  SendOrder order;
  order.openid = call.path_parameters.front();
  order.sender_mchid = call.mchid;
  order.stock_id = fields.text("stock_id", 1, 20);
  order.out_request_no = fields.text("out_request_no", 1, 128);
  order.appid = fields.text("appid", 1, 128);
  order.creator_mchid = fields.text("stock_creator_mchid", 1, 20);
  const bool has_value = fields.has("coupon_value") || fields.has("coupon_minimum");
  if (error) return std::move(*error);
  // Refuse the fields coupon_value and coupon_minimum. They are only for stocks (批次) whose
  // coupons have no fixed amount, and such stocks cannot be created through the API.
  if (has_value) return invalid_request("非指定面额批次不能传入coupon_value、coupon_minimum");
  const auto coupon = platform.records.send(order, call.now.wall);
  if (!coupon) return coupon.error();
  return Answer{JsonWriter().field("coupon_id", (*coupon)->id).take()};
}

bool is_favor(const CouponRecords& records, const Coupon& coupon) {
  return records.find_stock(coupon.stock_id)->product == Product::kFavor;
}

Result<Answer> show_coupon(const Platform& platform, const Call& call) {
  Query query(call);
  const std::string appid = query.text("appid");
  if (query.error()) return *query.error();
  const CouponRecords& records = platform.records;
  const Coupon* coupon = records.find_coupon(call.path_parameters.at(1));
  if (coupon == nullptr || coupon->openid != call.path_parameters.front() ||
      !is_favor(records, *coupon)) {
    return not_found("券不存在");
  }
  if (coupon->appid != appid) return invalid_request("openid与appID不匹配");
  JsonWriter json;
  write_coupon(records, *coupon, call.now.wall, json);
  return Answer{json.take()};
}

/// Filter for the list of a user's coupons. Only coupons with the same `appid` are listed. Each
/// other member of the filter also limits the list, unless the member is empty.
struct Filter {
  std::string appid;
  std::string stock_id;
  std::string status;
  std::string creator_mchid;
  std::string sender_mchid;
  std::string available_mchid;

  [[nodiscard]] bool takes(const CouponRecords& records, const Coupon& coupon, Time now) const {
    const Stock& stock = *records.find_stock(coupon.stock_id);
    const auto fits = [](const std::string& wanted, std::string_view is) {
      return wanted.empty() || wanted == is;
    };
    const std::string_view is = status_of(records, coupon, now);
    // A query for coupons with the status USED also returns coupons that can still be used
    // (SENDED), as WeChat Pay does.
    const bool has_status = fits(status, is) || (status == "USED" && is == "SENDED");
    const auto& merchants = stock.terms.available_merchants;
    // A query with available_mchid (the merchant that accepts the coupon) does not return coupons
    // that are already redeemed.
    const bool available =
        available_mchid.empty() ||
        (coupon.transaction_id.empty() &&
         std::find(merchants.begin(), merchants.end(), available_mchid) != merchants.end());
    return coupon.appid == appid && fits(stock_id, stock.id) && has_status &&
           fits(creator_mchid, stock.creator_mchid) && fits(sender_mchid, coupon.sender_mchid) &&
           available;
  }
};

Result<Answer> list_coupons(const Platform& platform, const Call& call) {
  Query query(call);
  const Page page = read_page(query);
  const Filter filter{query.text("appid"),
                      query.optional_text("stock_id"),
                      query.optional_text("status"),
                      query.optional_text("creator_mchid"),
                      query.optional_text("sender_mchid"),
                      query.optional_text("available_mchid")};
  query.require(filter.status.empty() || filter.status == "SENDED" || filter.status == "USED",
                "非法的券状态");
  query.require(!filter.creator_mchid.empty() || !filter.sender_mchid.empty() ||
                    !filter.available_mchid.empty(),
                "creator_mchid、sender_mchid、available_mchid三选一必填");
  if (query.error()) return *query.error();
  const CouponRecords& records = platform.records;
  JsonWriter json;
  PageWriter data(page, json);
  records.each_coupon_of(call.path_parameters.front(), [&](const Coupon& coupon) {
    if (!is_favor(records, coupon) || !filter.takes(records, coupon, call.now.wall)) return;
    data.add([&](JsonWriter& item) {
      write_coupon(records, coupon, call.now.wall, item.object());
      item.end();
    });
  });
  data.end();
  return Answer{json.take()};
}

}  // namespace

void add_coupon_routes(Routes& routes, Platform& platform) {
  routes.add("POST", "/v3/marketing/favor/users/*/coupons",
             [&platform](const Call& call) { return send(platform, call); });
  routes.add("GET", "/v3/marketing/favor/users/*/coupons",
             [&platform](const Call& call) { return list_coupons(platform, call); });
  routes.add("GET", "/v3/marketing/favor/users/*/coupons/*",
             [&platform](const Call& call) { return show_coupon(platform, call); });
}

}  // namespace couponhook::server::sandbox
