#include "sandbox/api.hpp"
#include "sandbox/events.hpp"
#include "sandbox/fields.hpp"
#include "sandbox/local/beijing_time.hpp"
#include "sandbox/query.hpp"

namespace couponhook::server::sandbox {
namespace {

constexpr std::int64_t kIssuedAtOnceMax = 10'000;
constexpr std::size_t kOpenidLength = 28;

/// Content of a request to POST /sandbox/issue, which gives `count` coupons of one stock (批次) to
/// users.
struct IssueOrder {
  SendOrder order;
  bool is_favor = false;
  std::int64_t count = 1;
};

Result<IssueOrder> read_issue(Platform& platform, const Call& call) {
  const auto body = read_body(call);
  if (!body) return body.error();
  std::optional<ApiError> error;
  Fields fields(body->value(), "", error);
  IssueOrder issue;
  SendOrder& order = issue.order;
  order.stock_id = fields.text("stock_id", 1, 20);
  order.openid = fields.optional_text("openid", 128);
  order.appid = fields.optional_text("appid", 128);
  order.coupon_code = fields.optional_text("coupon_code", 32);
  order.channel = fields.optional_text("channel", 40);
  if (order.channel.empty()) order.channel = "MINIAPP";
  order.creator_mchid = fields.optional_text("mchid", 20);
  issue.count = fields.optional_integer("count", 1, kIssuedAtOnceMax, 1);
  if (error) return std::move(*error);
  const Stock* stock = platform.records.find_stock(order.stock_id);
  issue.is_favor = stock != nullptr && stock->product == Product::kFavor;
  if (stock != nullptr) order.creator_mchid = stock->creator_mchid;
  if (order.creator_mchid.empty()) order.creator_mchid = platform.accounts.begin()->first;
  if (!platform.accounts.contains(order.creator_mchid)) return not_found("商户号不存在");
  order.sender_mchid = order.creator_mchid;
  if (order.appid.empty()) order.appid = "wx0000000000sandbox";
  return issue;
}

Result<Answer> issue(Platform& platform, const Call& call) {
  const auto read = read_issue(platform, call);
  if (!read) return read.error();
  JsonWriter json;
  json.list("coupons");
  for (std::int64_t i = 0; i < read->count; ++i) {
    SendOrder order = read->order;
    order.out_request_no = platform.chance.digits("SANDBOX", 28);
    if (order.openid.empty()) order.openid = platform.chance.digits("oSandboxUser", kOpenidLength);
    bool is_new = false;
    const auto coupon = read->is_favor ? platform.records.send(order, call.now.wall)
                                       : platform.records.issue(order, call.now.wall, is_new);
    if (!coupon) return coupon.error();
    json.object()
        .field("stock_id", order.stock_id)
        .field("coupon_id", (*coupon)->id)
        .field("openid", order.openid)
        .field("appid", order.appid);
    // Send a notification only for a new 商家券, because WeChat Pay sends none when a user receives
    // a 代金券.
    if (is_new) {
      json.field("notification_id",
                 notify(platform, order.creator_mchid, Product::kBusifavor,
                        issue_draft(**coupon, platform.chance.uuid()), "", call.now));
    }
    json.end();
  }
  return Answer{json.end_list().take()};
}

std::vector<GoodsItem> read_goods(Fields& fields) {
  std::vector<GoodsItem> goods;
  for (Fields& item : fields.objects("goods_detail", 50)) {
    GoodsItem read;
    read.id = item.text("goods_id", 1, 32);
    read.quantity = item.optional_integer("quantity", 1, 1'000'000, 1);
    read.price = item.optional_integer("price", 0, kAnyAmount);
    read.discount = item.optional_integer("discount_amount", 0, kAnyAmount);
    goods.push_back(std::move(read));
  }
  return goods;
}

Result<Answer> redeem(Platform& platform, const Call& call) {
  const auto body = read_body(call);
  if (!body) return body.error();
  std::optional<ApiError> error;
  Fields fields(body->value(), "", error);
  RedeemOrder order;
  order.coupon_id = fields.text("coupon_id", 1, 32);
  order.stock_id = fields.optional_text("stock_id", 20);
  order.mchid = fields.optional_text("mchid", 20);
  order.transaction_id = fields.optional_text("transaction_id", 32);
  order.total = fields.optional_integer("total", 1, kAnyAmount);
  order.goods = read_goods(fields);
  if (error) return std::move(*error);
  const auto paid = platform.records.redeem(order, call.now.wall);
  if (!paid) return paid.error();
  JsonWriter json;
  json.field("transaction_id", (*paid)->id)
      .field("consume_time", beijing_time((*paid)->paid_at))
      .field("total", (*paid)->total);
  const Stock& stock = *platform.records.find_stock((*paid)->stock_id);
  // Send a notification only for a redeemed 代金券, because WeChat Pay sends none for a redeemed
  // 商家券.
  if (stock.product == Product::kFavor) {
    Draft draft = redemption_draft(platform.records, **paid, platform.chance.uuid());
    json.field("notification_id", notify(platform, stock.creator_mchid, Product::kFavor,
                                         std::move(draft), "", call.now));
  }
  return Answer{json.take()};
}

Result<Answer> refund(Platform& platform, const Call& call) {
  const auto body = read_body(call);
  if (!body) return body.error();
  std::optional<ApiError> error;
  Fields fields(body->value(), "", error);
  RefundOrder order;
  order.transaction_id = fields.optional_text("transaction_id", 32);
  const std::string coupon_id = fields.optional_text("coupon_id", 32);
  order.amount = fields.optional_integer("amount", 1, kAnyAmount);
  order.out_refund_no = fields.optional_text("out_refund_no", 64);
  if (fields.has("payer_amount"))
    order.payer_amount = fields.integer("payer_amount", 0, kAnyAmount);
  order.status = fields.optional_text("status", 10);
  if (order.status.empty()) order.status = "SUCCESS";
  const bool known =
      order.status == "SUCCESS" || order.status == "ABNORMAL" || order.status == "CLOSED";
  fields.require(known, "status", "status must be SUCCESS, ABNORMAL or CLOSED");
  const std::string url = fields.optional_text("notify_url", 256);
  if (error) return std::move(*error);
  if (order.transaction_id.empty()) {
    const Coupon* coupon = platform.records.find_coupon(coupon_id);
    if (coupon != nullptr) order.transaction_id = coupon->transaction_id;
  }
  const auto made = platform.records.refund(order, call.now.wall);
  if (!made) return made.error();
  const Transaction& paid = *platform.records.find_transaction((*made)->transaction_id);
  const bool knows_payee = platform.accounts.contains(paid.mchid);
  const std::string mchid =
      knows_payee ? paid.mchid : platform.records.find_stock(paid.stock_id)->creator_mchid;
  Draft draft = refund_draft(paid, **made, platform.chance.uuid());
  return Answer{JsonWriter()
                    .field("refund_id", (*made)->id)
                    .field("out_refund_no", (*made)->out_refund_no)
                    .field("transaction_id", paid.id)
                    .field("amount", (*made)->amount)
                    .field("payer_amount", (*made)->payer_amount)
                    .field("notification_id", notify(platform, mchid, Product::kFavor,
                                                     std::move(draft), url, call.now))
                    .take()};
}

Result<Answer> end(Platform& platform, const Call& call) {
  const auto body = read_body(call);
  if (!body) return body.error();
  std::optional<ApiError> error;
  Fields fields(body->value(), "", error);
  const std::string stock_id = fields.text("stock_id", 1, 20);
  if (error) return std::move(*error);
  const auto stock = platform.records.end_stock(stock_id, call.now.wall);
  if (!stock) return stock.error();
  return Answer{JsonWriter().field("stock_id", (*stock)->id).take()};
}

}  // namespace

void add_event_routes(Routes& routes, Platform& platform) {
  const auto add = [&](const char* path, Result<Answer> (*action)(Platform&, const Call&)) {
    routes.add("POST", path,
               [&platform, action](const Call& call) { return action(platform, call); });
  };
  add("/sandbox/issue", issue);
  add("/sandbox/redeem", redeem);
  add("/sandbox/refund", refund);
  add("/sandbox/end", end);
}

}  // namespace couponhook::server::sandbox
