#include "server/receive/fact_form.hpp"

#include <string_view>
#include <variant>

#include "base/wechat_time.hpp"
#include "wechatpay/identifier.hpp"

namespace couponhook::server {
namespace {

using wechatpay::Identifier;

/// Checks the fields of a coupon event one after the other and keeps the message about the first
/// field that has a wrong form.
class FormCheck {
 public:
  FormCheck& identifier(std::string_view name, Identifier kind, std::string_view value) {
    if (!unusual_.empty() || wechatpay::has_form(kind, value)) return *this;
    unusual_.append(name).append(" is not ").append(wechatpay::form_of(kind));
    return *this;
  }
  /// Checks the form of a time field, which may be empty.
  FormCheck& time(std::string_view name, std::string_view value) {
    if (!unusual_.empty() || value.empty() || base::parse_event_time(value)) return *this;
    unusual_.append(name).append(" is not a time");
    return *this;
  }
  [[nodiscard]] std::string take() { return std::move(unusual_); }

 private:
  std::string unusual_;
};

std::string unusual_field_of(const handlers::CouponIssued& issued) {
  return FormCheck()
      .identifier("stock_id", Identifier::kStockId, issued.stock_id)
      .identifier("coupon_code", Identifier::kCouponCode, issued.coupon_code)
      .time("send_time", issued.send_time)
      .take();
}

std::string unusual_field_of(const handlers::CouponRedeemed& redeemed) {
  return FormCheck()
      .identifier("stock_id", Identifier::kStockId, redeemed.stock_id)
      .identifier("coupon_id", Identifier::kCouponId, redeemed.coupon_id)
      .identifier("consume_information.transaction_id", Identifier::kTransactionId,
                  redeemed.transaction_id)
      .time("consume_information.consume_time", redeemed.consume_time)
      .take();
}

std::string unusual_field_of(const handlers::OrderRefunded& refunded) {
  std::string unusual =
      FormCheck()
          .identifier("transaction_id", Identifier::kTransactionId, refunded.transaction_id)
          .identifier("refund_id", Identifier::kRefundId, refunded.refund_id)
          .time("success_time", refunded.success_time)
          .take();
  return unusual.empty() ? refunded.amount_flaw : unusual;
}

std::string unusual_field_of(const handlers::OtherEvent& /*event*/) {
  return {};
}

}  // namespace

std::string find_unusual_field(const handlers::CouponEvent& event) {
  return std::visit([](const auto& known) { return unusual_field_of(known); }, event);
}

}  // namespace couponhook::server
