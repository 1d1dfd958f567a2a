#include "server/commands/event_printer.hpp"

#include <algorithm>
#include <ostream>

#include "base/json_writer.hpp"
#include "base/printable.hpp"
#include "server/commands/status_client.hpp"
#include "server/commands/table.hpp"

namespace couponhook::server {
namespace {

// Widths of the columns. A list that has no end cannot be as wide as its widest cell, so a cell
// that is too long moves the rest of its line.
constexpr std::size_t kTypeWidth = 16;    // REFUND.ABNORMAL
constexpr std::size_t kStateWidth = 11;   // quarantined
constexpr std::size_t kCouponWidth = 24;  // stock and coupon
constexpr std::size_t kDeliveriesWidth = 20;

void pad(std::string& line, std::string_view cell, std::size_t width) {
  line += cell;
  line.append(width - std::min(width, display_width(cell)), ' ');
  line += "  ";
}

std::string coupon_text(const rapidjson::Value& event) {
  const auto coupon = event.FindMember("coupon");
  if (coupon == event.MemberEnd() || !coupon->value.IsObject()) return "-";
  return text_of(coupon->value, "stock_id") + "/" + text_of(coupon->value, "coupon");
}

/// Returns the deliveries of an event as text, such as "crm done, erp retrying (2 attempts)".
std::string deliveries_text(const rapidjson::Value& event) {
  const auto deliveries = event.FindMember("deliveries");
  if (deliveries == event.MemberEnd() || !deliveries->value.IsArray()) return "-";
  std::string text;
  for (const rapidjson::Value& delivery : deliveries->value.GetArray()) {
    if (!text.empty()) text += ", ";
    text += text_of(delivery, "handler") + " " + text_of(delivery, "state");
    const auto attempts = delivery.FindMember("attempts");
    if (attempts != delivery.MemberEnd() && attempts->value.IsInt() &&
        attempts->value.GetInt() > 1) {
      text += " (" + std::to_string(attempts->value.GetInt()) + " attempts)";
    }
  }
  return text.empty() ? "-" : text;
}

}  // namespace

void EventPrinter::print_event(std::string_view data, const rapidjson::Value& event) {
  if (json_) {
    out_ << data << std::endl;
    return;
  }
  std::string line = text_of(event, "received_at") + "  ";
  pad(line, text_of(event, "type"), kTypeWidth);
  pad(line, text_of(event, "state"), kStateWidth);
  pad(line, coupon_text(event), kCouponWidth);
  const bool is_quarantined = text_of(event, "event") == "quarantined";
  pad(line, is_quarantined ? text_of(event, "quarantine_reason") : deliveries_text(event),
      kDeliveriesWidth);
  out_ << line << '[' << text_of(event, "id") << ']' << std::endl;
}

void EventPrinter::print_forward(std::string_view id, std::string_view url, std::string_view time,
                                 const ForwardResult& result) {
  if (json_) {
    base::JsonWriter json;
    json.begin().text("event", "forwarded").text("id", id).text("url", url);
    if (result.status == 0) {
      json.null("status");
    } else {
      json.number("status", result.status);
    }
    json.number("ms", result.took.count()).optional_text("error", result.error).end();
    out_ << json.take() << std::endl;
    return;
  }
  const std::string status = result.status == 0 ? "no reply" : std::to_string(result.status);
  out_ << time << "  <-- [" << status << "] POST " << url << " in " << result.took.count() << " ms";
  if (!result.error.empty()) out_ << ": " << base::printable(result.error);
  out_ << "  [" << base::printable(id) << ']' << std::endl;
}

}  // namespace couponhook::server
