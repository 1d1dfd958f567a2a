#include "handlers/webhook.hpp"

#include <algorithm>
#include <array>

#include <rapidjson/stringbuffer.h>
#include <rapidjson/writer.h>

#include "base/json.hpp"
#include "base/mended_json.hpp"
#include "base/utf8.hpp"
#include "base/wechat_time.hpp"
#include "handlers/event_catalogue.hpp"

namespace couponhook::handlers {
namespace {

using Writer = rapidjson::Writer<rapidjson::StringBuffer>;

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

/// Writes the decrypted part (resource) of a notification into the webhook body. A valid JSON
/// object is copied byte for byte, so that its numbers keep their form. A flawed object is written
/// in its repaired form, so that the JSON parser of the webhook's receiver accepts it. A resource
/// that is not an object is written as a JSON string, or as null if it is not UTF-8.
void write_resource(Writer& writer, std::string_view resource) {
  if (base::parse_object(resource, {})) {
    writer.RawValue(resource.data(), resource.size(), rapidjson::kObjectType);
  } else if (const auto mended = base::mend_object(resource, {}, {})) {
    writer.RawValue(mended->text.data(), mended->text.size(), rapidjson::kObjectType);
  } else if (base::is_utf8(resource)) {
    writer.String(resource.data(), static_cast<rapidjson::SizeType>(resource.size()));
  } else {
    writer.Null();
  }
}

}  // namespace

std::string webhook_type(std::string_view event_type) {
  const EventKind kind = event_kind(event_type);
  if (kind == EventKind::kIssued) return "coupon.issued";
  if (kind == EventKind::kRedeemed) return "coupon.redeemed";
  const auto* refund = std::ranges::find(kRefundNames, event_type, &RefundName::event_type);
  if (refund != kRefundNames.end()) return std::string(refund->name);
  std::string name(event_type);
  std::ranges::transform(name, name.begin(), [](char c) {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  });
  return name;
}

std::string webhook_body(const HandledEvent& event) {
  rapidjson::StringBuffer buffer(nullptr, event.resource.size() + 512);
  Writer writer(buffer);
  const auto member = [&](const char* name, std::string_view value) {
    writer.Key(name);
    writer.String(value.data(), static_cast<rapidjson::SizeType>(value.size()));
  };
  writer.StartObject();
  member("type", webhook_type(event.event_type));
  member("timestamp", occurred_at(event));
  writer.Key("data");
  writer.StartObject();
  member("notification_id", event.notification_id);
  member("mchid", event.mchid);
  member("event_type", event.event_type);
  member("create_time", event.create_time);
  member("source", event.source);
  writer.Key("resource");
  write_resource(writer, event.resource);
  writer.EndObject();
  writer.EndObject();
  return {buffer.GetString(), buffer.GetSize()};
}

}  // namespace couponhook::handlers
