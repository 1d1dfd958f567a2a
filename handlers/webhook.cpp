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
  write_resource(json, event.resource);
  return json.end().end().take();
}

}  // namespace couponhook::handlers
