#include "handlers/webhook.hpp"

#include <algorithm>
#include <array>

#include "base/ascii.hpp"
#include "base/json.hpp"
#include "base/json_writer.hpp"
#include "base/repaired_json.hpp"
#include "base/utf8.hpp"
#include "base/wechat_time.hpp"
#include "handlers/event_catalogue.hpp"

namespace couponhook::handlers {
namespace {

struct RefundName {
  std::string_view event_type;
  std::string_view name;
};
constexpr std::array kRefundNames{RefundName{"REFUND.SUCCESS", "refund.succeeded"},
                                  RefundName{"REFUND.ABNORMAL", "refund.abnormal"},
                                  RefundName{"REFUND.CLOSED", "refund.closed"}};

std::string occurred_at(const HandledEvent& event) {
  using std::chrono::milliseconds;
  const auto made = base::parse_event_time(event.create_time);
  return base::format_event_time(
      made.value_or(std::chrono::sys_time<milliseconds>(milliseconds(event.received_at_ms))));
}

/// Writes the decrypted resource into the webhook body. A valid JSON object is copied byte for
/// byte, so that its numbers keep their form. A flawed object is written in its repaired form, so
/// that the receiver's parser accepts it. A resource that is not an object is written as a JSON
/// string, or as null if it is not UTF-8.
void write_resource(base::JsonWriter& json, std::string_view resource) {
  if (base::parse_object(resource, {})) {
    json.object("resource", resource);
  } else if (const auto repaired = base::repair_object(resource, {}, {})) {
    json.object("resource", repaired->text);
  } else if (base::is_utf8(resource)) {
    json.text("resource", resource);
  } else {
    json.null("resource");
  }
}

/// Writes the amounts of a refund, so that a receiver need not know that the difference of two
/// fields is what went back to coupons. Writes nothing for other events, and for a refund whose
/// amounts are missing or impossible.
void write_refund(base::JsonWriter& json, const CouponEvent& event) {
  const auto* refunded = std::get_if<OrderRefunded>(&event);
  if (refunded == nullptr || !refunded->amounts) return;
  const base::RefundAmounts& amounts = *refunded->amounts;
  json.begin("refund")
      .text("refund_id", refunded->refund_id)
      .text("status", to_string(refunded->status))
      .number("total", amounts.total)
      .number("refund", amounts.refund)
      .number("payer_total", amounts.payer_total)
      .number("payer_refund", amounts.payer_refund)
      .number("coupon_refund", amounts.coupon_refund());
  if (!refunded->shares.empty()) {
    json.begin_list("coupons");
    for (const base::CouponShare& share : refunded->shares) {
      json.begin()
          .text("coupon_id", share.coupon)
          .number("amount", share.amount)
          .number("refund_amount", share.refund_amount)
          .end();
    }
    json.end_list();
  }
  json.end();
}

}  // namespace

std::string webhook_type(std::string_view event_type) {
  const EventKind kind = event_kind(event_type);
  if (kind == EventKind::kIssued) return "coupon.issued";
  if (kind == EventKind::kRedeemed) return "coupon.redeemed";
  const auto* refund = std::ranges::find(kRefundNames, event_type, &RefundName::event_type);
  if (refund != kRefundNames.end()) return std::string(refund->name);
  return base::lower_case(event_type);
}

std::string webhook_body(const HandledEvent& event) {
  constexpr std::size_t kOtherMembers = 512;
  base::JsonWriter json(event.resource.size() + kOtherMembers);
  json.begin()
      .text("type", webhook_type(event.event_type))
      .text("timestamp", occurred_at(event))
      .begin("data")
      .text("notification_id", event.notification_id)
      .text("mchid", event.mchid)
      .text("event_type", event.event_type)
      .text("create_time", event.create_time)
      .text("source", event.source);
  write_refund(json, event.event);
  write_resource(json, event.resource);
  return json.end().end().take();
}

}  // namespace couponhook::handlers
