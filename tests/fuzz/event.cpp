/// \file
/// Fuzz target: the parser of resources (the decrypted parts of notifications). The same resource
/// must always give the same ledger entry, and the body of the webhook for the event must be valid
/// JSON.

#include <array>
#include <string>

#include "base/json.hpp"
#include "fuzz.hpp"
#include "handlers/coupon_event.hpp"
#include "handlers/ledger.hpp"
#include "handlers/webhook.hpp"

namespace couponhook::fuzz {
namespace {

constexpr std::array<std::string_view, 7> kTypes{"COUPON.USE",     "COUPON.SEND",
                                                 "REFUND.SUCCESS", "REFUND.ABNORMAL",
                                                 "REFUND.CLOSED",  "PRODUCT_COUPON_SP.SEND",
                                                 "SOMETHING.ELSE"};

/// Parses one event. The first byte of the fuzz input chooses the event type; the rest is the
/// decrypted part of a notification.
void run(std::string_view input) {
  Bytes bytes(input);
  const std::string_view type = kTypes[bytes.byte() % kTypes.size()];
  const std::string resource(bytes.rest());
  const auto event = handlers::read_event(type, resource, {});
  const auto entry = handlers::ledger_entry(event, "2026-01-01T00:00:00+08:00");
  const auto again =
      handlers::ledger_entry(handlers::read_event(type, resource, {}), "2026-01-01T00:00:00+08:00");
  require(entry.has_value() == again.has_value(), "the same resource gives the same fact");
  if (entry) {
    require(!entry->business_key.empty(), "a fact has a business key");
    require(entry->business_key == again->business_key, "the same resource has the same key");
    require(!entry->coupon.empty() || entry->kind == base::FactKind::kRefund,
            "all but refunds name a coupon");
  }
  const handlers::HandledEvent handled{.notification_id = "N-1",
                                       .mchid = "1900000001",
                                       .event_type = type,
                                       .create_time = "2026-01-01T00:00:00+08:00",
                                       .received_at_ms = 1'767'196'800'000,
                                       .source = "notification",
                                       .resource = resource,
                                       .event = event,
                                       .ordering_key = "N-1"};
  const std::string body = handlers::webhook_body(handled);
  require(base::parse_object(body, {.depth_max = 64, .values_max = 100000}).has_value(),
          "what handlers are sent is JSON");
}

const Registration registered("event", run);

}  // namespace
}  // namespace couponhook::fuzz
