#include "wechatpay/flow_columns.hpp"

#include "base/ascii.hpp"

namespace couponhook::wechatpay {
namespace {

void replace_all(std::string& text, std::string_view from, std::string_view to) {
  for (std::size_t at = text.find(from); at != std::string::npos; at = text.find(from, at)) {
    text.replace(at, from.size(), to);
    at += to.size();
  }
}

std::string comparable(std::string_view name) {
  std::string form(name);
  replace_all(form, "（", "(");
  replace_all(form, "）", ")");
  for (const std::string_view blank : {" ", "\t", "\r", "\n", "\xC2\xA0", "\xE3\x80\x80"}) {
    replace_all(form, blank, "");
  }
  return base::lower_case(form);
}

}  // namespace

std::vector<FlowColumnNames> usual_flow_columns(FlowKind kind) {
  std::vector<FlowColumnNames> columns = {
      {FlowColumn::kStockId, {"批次id", "批次号", "代金券批次id", "stock_id"}},
      {FlowColumn::kCouponId, {"优惠id", "代金券id", "券id", "优惠券id", "coupon_id"}},
      {FlowColumn::kTransactionId,
       {"支付单号", "微信支付订单号", "微信订单号", "交易单号", "transaction_id"}},
      {FlowColumn::kDiscount,
       {"优惠金额(元)", "优惠金额", "优惠金额(分)", "代金券金额(元)", "discount_amount"}},
      {FlowColumn::kGoods, {"单品信息", "商品信息", "goods_detail"}},
  };
  if (kind == FlowKind::kUse) {
    columns.push_back({FlowColumn::kTime, {"消耗时间", "核销时间", "使用时间", "consume_time"}});
    columns.push_back(
        {FlowColumn::kMchid, {"消耗商户号", "核销商户号", "商户号", "consume_mchid"}});
  } else {
    columns.push_back({FlowColumn::kRefundId, {"退款单号", "微信退款单号", "refund_id"}});
    columns.push_back({FlowColumn::kTime, {"退款时间", "退款成功时间", "success_time"}});
    columns.push_back({FlowColumn::kMchid, {"退款商户号", "商户号", "mchid"}});
  }
  return columns;
}

std::vector<FlowColumn> required_flow_columns(FlowKind kind) {
  std::vector<FlowColumn> required = {FlowColumn::kCouponId, FlowColumn::kTransactionId};
  if (kind == FlowKind::kRefund) required.push_back(FlowColumn::kRefundId);
  return required;
}

std::optional<FlowColumn> find_flow_column(const std::vector<FlowColumnNames>& columns,
                                           std::string_view name) {
  const std::string wanted = comparable(name);
  for (const auto& [column, names] : columns) {
    for (const std::string& known : names) {
      if (comparable(known) == wanted) return column;
    }
  }
  return {};
}

std::string_view to_string(FlowColumn column) {
  switch (column) {
    case FlowColumn::kStockId:
      return "stock_id";
    case FlowColumn::kCouponId:
      return "coupon_id";
    case FlowColumn::kTransactionId:
      return "transaction_id";
    case FlowColumn::kRefundId:
      return "refund_id";
    case FlowColumn::kTime:
      return "time";
    case FlowColumn::kMchid:
      return "mchid";
    case FlowColumn::kDiscount:
      return "discount";
    case FlowColumn::kGoods:
      return "goods";
  }
  return "";
}

}  // namespace couponhook::wechatpay
