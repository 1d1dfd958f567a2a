#include "sandbox/coupon_records.hpp"

#include <algorithm>

namespace couponhook::server::sandbox {
namespace {

// Total of a payment, in fen (分), for a request that contains no total.
constexpr std::int64_t kFullPrice = 3000;

std::string request_key(const std::string& mchid, const std::string& out_request_no) {
  return mchid + "/" + out_request_no;
}

template <typename Map>
auto find_in(Map& map, const std::string& key) -> decltype(&map.begin()->second) {
  const auto found = map.find(key);
  return found == map.end() ? nullptr : &found->second;
}

/// Returns the error reply if a user cannot get a 代金券 of this stock (批次) now; nothing if the
/// user can get one.
std::optional<ApiError> refusal(const Stock& stock, const SendOrder& order, std::int64_t held,
                                Time now) {
  if (stock.creator_mchid != order.creator_mchid) return blocked("商户无权发券");
  if (stock.status != StockStatus::kRunning || now > stock.terms.available_until) {
    return invalid_request("活动已结束或未激活");
  }
  if (stock.distributed >= stock.terms.max_coupons) {
    return ApiError{403, "NOT_ENOUGH", "批次预算不足"};
  }
  if (held >= stock.terms.max_coupons_per_user) return blocked("用户被限领拦截");
  return std::nullopt;
}

/// Returns the part of a refund that the payer gets back, if the request does not say. If the
/// coupon paid 10 % of the payment, it gets 10 % of all refunds together, so that no fen is lost by
/// rounding when a payment is refunded in parts.
std::int64_t payer_share(const Transaction& paid, std::int64_t amount) {
  const std::int64_t payer_total = paid.total - paid.discount;
  const std::int64_t payer_left = payer_total - paid.payer_refunded;
  const std::int64_t coupon_left = paid.total - paid.refunded - payer_left;
  const std::int64_t share =
      (paid.refunded + amount) * payer_total / paid.total - paid.payer_refunded;
  return std::clamp(share, std::max<std::int64_t>(0, amount - coupon_left),
                    std::min(amount, payer_left));
}

}  // namespace

Result<const Stock*> CouponRecords::create_stock(const std::string& creator,
                                                 const StockTerms& terms, Time now) {
  const std::string key = request_key(creator, terms.out_request_no);
  if (const std::string* id = find_in(stocks_by_request_, key)) {
    const Stock& stock = stocks_.at(*id);
    if (stock.terms == terms) return &stock;
    return invalid_request("商户单号已用于另一个批次，请更换out_request_no");
  }
  Stock stock;
  do stock.id = chance_.digits("1", 8);
  while (stocks_.contains(stock.id));
  stock.creator_mchid = creator;
  stock.terms = terms;
  stock.created_at = now;
  stocks_by_request_[key] = stock.id;
  const std::string id = stock.id;
  stocks_in_order_.push_back(&(stocks_[id] = std::move(stock)));
  return stocks_in_order_.back();
}

Result<const Stock*> CouponRecords::change_stock(StockChange change, const std::string& stock_id,
                                                 const std::string& creator, Time now) {
  Stock* const stock = find_in(stocks_, stock_id);
  if (stock == nullptr) return not_found("批次不存在");
  if (stock->creator_mchid != creator) return blocked("调用商户无权限");
  const auto move = [&](std::initializer_list<StockStatus> from, StockStatus to) {
    if (std::ranges::find(from, stock->status) == from.end()) return false;
    stock->status = to;
    return true;
  };
  bool moved = false;
  switch (change) {
    case StockChange::kStart:
      moved = move({StockStatus::kUnactivated}, StockStatus::kRunning);
      if (moved) stock->started_at = now;
      break;
    case StockChange::kPause:
      moved = move({StockStatus::kRunning}, StockStatus::kPaused);
      break;
    case StockChange::kRestart:
      moved = move({StockStatus::kPaused}, StockStatus::kRunning);
      break;
    case StockChange::kStop:
      moved = move({StockStatus::kRunning, StockStatus::kPaused}, StockStatus::kStopped);
      if (moved) stock->stopped_at = now;
      break;
  }
  if (!moved) return invalid_request("非法的批次状态");
  return stock;
}

Result<const Stock*> CouponRecords::end_stock(const std::string& stock_id, Time now) {
  Stock* const stock = find_in(stocks_, stock_id);
  if (stock == nullptr) return not_found("批次不存在");
  stock->status = StockStatus::kStopped;
  if (!stock->stopped_at) stock->stopped_at = now;
  stock->flows_open = true;
  return stock;
}

Stock* CouponRecords::stock_of_product(const std::string& id, Product product) {
  Stock* const stock = find_in(stocks_, id);
  return stock != nullptr && stock->product == product ? stock : nullptr;
}

const Coupon* CouponRecords::sent_before(const SendOrder& order) const {
  const auto* id =
      find_in(coupons_by_request_, request_key(order.sender_mchid, order.out_request_no));
  return id == nullptr ? nullptr : &coupons_.at(*id);
}

const Coupon* CouponRecords::keep(const SendOrder& order, Stock& stock, std::string coupon_id,
                                  Time now) {
  coupons_by_request_[request_key(order.sender_mchid, order.out_request_no)] = coupon_id;
  ++stock.distributed;
  Coupon& coupon = coupons_[coupon_id];
  coupon = {std::move(coupon_id), stock.id,      order.openid, order.appid, order.sender_mchid,
            order.out_request_no, order.channel, now,          {}};
  coupons_in_order_.push_back(&coupon);
  coupons_by_openid_[order.openid].push_back(&coupon);
  return &coupon;
}

std::int64_t CouponRecords::held_by(const std::string& openid, const std::string& stock_id) const {
  const auto* held = find_in(coupons_by_openid_, openid);
  return held == nullptr ? 0 : std::ranges::count(*held, stock_id, &Coupon::stock_id);
}

Result<const Coupon*> CouponRecords::send(const SendOrder& order, Time now) {
  if (const Coupon* before = sent_before(order)) {
    if (before->stock_id == order.stock_id && before->openid == order.openid) return before;
    return invalid_request("商户单号已用于另一次发放，请更换out_request_no");
  }
  Stock* const stock = stock_of_product(order.stock_id, Product::kFavor);
  if (stock == nullptr) return not_found("批次不存在");
  if (auto error = refusal(*stock, order, held_by(order.openid, order.stock_id), now)) {
    return std::move(*error);
  }
  std::string id;
  do id = chance_.digits("8", 11);
  while (coupons_.contains(id));
  return keep(order, *stock, std::move(id), now);
}

Result<const Coupon*> CouponRecords::issue(const SendOrder& order, Time now, bool& is_new) {
  is_new = false;
  if (const Coupon* before = sent_before(order)) return before;
  if (find_stock(order.stock_id) == nullptr) {
    Stock stock;
    stock.id = order.stock_id;
    stock.product = Product::kBusifavor;
    stock.creator_mchid = order.creator_mchid;
    stock.terms.name = "商家券" + order.stock_id;
    stock.terms.belong_merchant = order.creator_mchid;
    stock.terms.available_from = now;
    stock.terms.available_until = now + std::chrono::days(30);
    stock.status = StockStatus::kRunning;
    stock.created_at = now;
    stocks_in_order_.push_back(&(stocks_[order.stock_id] = std::move(stock)));
  }
  Stock* const stock = stock_of_product(order.stock_id, Product::kBusifavor);
  if (stock == nullptr) return invalid_request("该批次不是商家券批次");
  std::string code = order.coupon_code;
  if (coupons_.contains(code)) return invalid_request("券code已被使用");
  while (code.empty() || coupons_.contains(code)) code = chance_.digits("12", 22);
  is_new = true;
  return keep(order, *stock, std::move(code), now);
}

Result<const Transaction*> CouponRecords::redeem(const RedeemOrder& order, Time now) {
  Coupon* const coupon = find_in(coupons_, order.coupon_id);
  if (coupon == nullptr || (!order.stock_id.empty() && coupon->stock_id != order.stock_id)) {
    return not_found("券不存在");
  }
  if (!coupon->transaction_id.empty()) return invalid_request("券已被核销");
  const Stock& stock = stocks_.at(coupon->stock_id);
  if (now > stock.terms.available_until) return invalid_request("券已过期");
  if (transactions_.contains(order.transaction_id)) return invalid_request("支付单号已存在");
  Transaction made;
  made.id = order.transaction_id.empty() ? chance_.digits("4200", 28) : order.transaction_id;
  made.out_trade_no = chance_.digits("SO", 20);
  made.mchid = order.mchid.empty() ? stock.creator_mchid : order.mchid;
  made.stock_id = stock.id;
  made.coupon_id = coupon->id;
  made.paid_at = now;
  made.discount = stock.terms.coupon_amount;
  made.total =
      order.total == 0 ? std::max(kFullPrice, stock.terms.transaction_minimum) : order.total;
  if (made.total < made.discount) return invalid_request("订单金额小于券面额");
  made.goods = order.goods;
  coupon->transaction_id = made.id;
  const std::string id = made.id;
  transactions_in_order_.push_back(&(transactions_[id] = std::move(made)));
  return transactions_in_order_.back();
}

Result<const Refund*> CouponRecords::refund(const RefundOrder& order, Time now) {
  Transaction* const paid = find_in(transactions_, order.transaction_id);
  if (paid == nullptr) return not_found("订单不存在");
  const std::int64_t left = paid->total - paid->refunded;
  const std::int64_t amount = order.amount == 0 ? left : order.amount;
  if (amount <= 0 || amount > left) return invalid_request("订单金额或退款金额与之前请求不一致");
  if (refunds_by_number_.contains(order.out_refund_no)) {
    return invalid_request("退款单号已存在，请更换out_refund_no");
  }
  Refund made;
  made.id = chance_.digits("503", 29);
  made.out_refund_no = order.out_refund_no.empty() ? chance_.digits("RF", 20) : order.out_refund_no;
  made.transaction_id = paid->id;
  made.status = order.status;
  made.at = now;
  made.amount = amount;
  const std::int64_t payer_left = paid->total - paid->discount - paid->payer_refunded;
  const std::int64_t coupon_left = left - payer_left;
  made.payer_amount = order.payer_amount.value_or(payer_share(*paid, amount));
  if (made.payer_amount > std::min(amount, payer_left) ||
      amount - made.payer_amount > coupon_left) {
    return invalid_request("退款金额超过用户实付金额或优惠金额");
  }
  if (made.status == "SUCCESS") {
    paid->refunded += amount;
    paid->payer_refunded += made.payer_amount;
  }
  refunds_.push_back(std::move(made));
  refunds_by_transaction_[paid->id].push_back(&refunds_.back());
  refunds_by_number_[refunds_.back().out_refund_no] = &refunds_.back();
  return &refunds_.back();
}

const Stock* CouponRecords::find_stock(const std::string& id) const {
  return find_in(stocks_, id);
}

const Coupon* CouponRecords::find_coupon(const std::string& id) const {
  return find_in(coupons_, id);
}

const Transaction* CouponRecords::find_transaction(const std::string& id) const {
  return find_in(transactions_, id);
}

const Refund* CouponRecords::find_refund(const std::string& out_refund_no) const {
  const auto found = refunds_by_number_.find(out_refund_no);
  return found == refunds_by_number_.end() ? nullptr : found->second;
}

std::vector<const Refund*> CouponRecords::refunds_of(const std::string& transaction_id) const {
  const auto* refunds = find_in(refunds_by_transaction_, transaction_id);
  return refunds == nullptr ? std::vector<const Refund*>() : *refunds;
}

void CouponRecords::each_stock(const std::function<void(const Stock&)>& visit) const {
  for (const Stock* stock : stocks_in_order_) visit(*stock);
}

void CouponRecords::each_coupon(const std::function<void(const Coupon&)>& visit) const {
  for (const Coupon* coupon : coupons_in_order_) visit(*coupon);
}

void CouponRecords::each_coupon_of(const std::string& openid,
                                   const std::function<void(const Coupon&)>& visit) const {
  const auto* held = find_in(coupons_by_openid_, openid);
  if (held == nullptr) return;
  for (const Coupon* coupon : *held) visit(*coupon);
}

void CouponRecords::each_transaction(const std::function<void(const Transaction&)>& visit) const {
  for (const Transaction* paid : transactions_in_order_) visit(*paid);
}

void CouponRecords::each_refund(const std::function<void(const Refund&)>& visit) const {
  for (const Refund& refund : refunds_) visit(refund);
}

}  // namespace couponhook::server::sandbox
