#include "wechatpay/refunds.hpp"

#include <algorithm>
#include <utility>

#include "base/ascii.hpp"
#include "base/url.hpp"
#include "base/wechat_time.hpp"
#include "wechatpay/identifier.hpp"
#include "wechatpay/json_view.hpp"

namespace couponhook::wechatpay {
namespace {

/// Returns true for a valid out_refund_no: 1 to 64 of 0-9, a-z, A-Z, _, -, |, * and @.
bool is_refund_no(std::string_view text) {
  const auto is_allowed = [](char c) {
    return base::is_alphanumeric(c) || std::string_view("_-|*@").find(c) != std::string_view::npos;
  };
  return has_length(text, 1, 64) && std::ranges::all_of(text, is_allowed);
}

/// Returns true for an id of a coupon or another discount. Coupon ids are digits; the form of other
/// ids is documented nowhere.
bool is_promotion_id(std::string_view text) {
  const auto is_allowed = [](char c) { return base::is_alphanumeric(c) || c == '-' || c == '_'; };
  return has_length(text, 1, 32) && std::ranges::all_of(text, is_allowed);
}

bool is_refund_status(std::string_view status) {
  return status == "SUCCESS" || status == "CLOSED" || status == "PROCESSING" ||
         status == "ABNORMAL";
}

bool is_time_or_empty(std::string_view text) {
  return text.empty() || base::parse_wechat_time(text);
}

/// Reads the amounts of a refund. A missing amount becomes -1, which no sound amount is.
base::RefundAmounts read_amounts(const JsonView& amount) {
  return {amount.number("total").value_or(-1), amount.number("refund").value_or(-1),
          amount.number("payer_total").value_or(-1), amount.number("payer_refund").value_or(-1)};
}

Refund::Promotion read_promotion(const JsonView& json) {
  return {{json.text("promotion_id"), json.number("amount").value_or(-1),
           json.number("refund_amount").value_or(-1)},
          json.text("scope"),
          json.text("type")};
}

Refund read_refund(const JsonView& json) {
  Refund refund;
  refund.refund_id = json.text("refund_id");
  refund.out_refund_no = json.text("out_refund_no");
  refund.transaction_id = json.text("transaction_id");
  refund.out_trade_no = json.text("out_trade_no");
  refund.user_received_account = json.text("user_received_account");
  refund.success_time = json.text("success_time");
  refund.create_time = json.text("create_time");
  refund.status = json.text("status");
  refund.amounts = read_amounts(json.object("amount"));
  for (const JsonView& promotion : json.array("promotion_detail")) {
    refund.promotions.push_back(read_promotion(promotion));
  }
  return refund;
}

/// Returns the name of the first member of a refund that does not have the documented form; empty
/// if all have it.
std::string_view malformed_member(const Refund& refund, const RefundName& name) {
  if (!has_form(Identifier::kRefundId, refund.refund_id)) return "refund_id";
  if (refund.out_refund_no != name.out_refund_no) return "out_refund_no of the query";
  if (!has_form(Identifier::kTransactionId, refund.transaction_id)) return "transaction_id";
  if (!is_refund_status(refund.status)) return "status";
  if (refund.succeeded() && refund.success_time.empty()) return "success_time";
  if (!is_time_or_empty(refund.success_time)) return "success_time";
  if (!is_time_or_empty(refund.create_time)) return "create_time";
  if (!flaw_of(refund.amounts).empty()) return "amount";
  const auto is_malformed = [](const Refund::Promotion& promotion) {
    return !is_promotion_id(promotion.share.coupon) || !flaw_of(promotion.share).empty();
  };
  return std::ranges::any_of(refund.promotions, is_malformed) ? "promotion_detail" : "";
}

}  // namespace

std::vector<RuleViolation> violations(const RefundName& name) {
  Rules rules;
  rules.check(is_refund_no(name.out_refund_no), "out_refund_no",
              "must have 1 to 64 of 0-9, a-z, A-Z, _, -, |, * and @");
  rules.check(name.sub_mchid.empty() || has_form(Identifier::kMchid, name.sub_mchid), "sub_mchid",
              "must be 1 to 32 digits");
  return std::move(rules).take();
}

ApiRequest show_refund_request(const RefundName& name) {
  base::TargetBuilder target("/v3/refund/domestic/refunds");
  target.segment(name.out_refund_no);
  target.query("sub_mchid", name.sub_mchid);
  return {Api::kRefundShow, "GET", std::move(target).text(), {}};
}

ApiResult<Refund> parse_refund(std::string_view body, const RefundName& name) {
  const auto json = JsonText::parse(body);
  if (!json) return unreadable(Api::kRefundShow, "JSON object");
  Refund refund = read_refund(json->root());
  const std::string_view malformed = malformed_member(refund, name);
  if (!malformed.empty()) return unreadable(Api::kRefundShow, malformed);
  return refund;
}

}  // namespace couponhook::wechatpay
