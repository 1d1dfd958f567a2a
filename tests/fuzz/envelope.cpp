/// \file
/// Fuzz target: the parser of envelopes (the JSON bodies of notifications, with the encrypted part
/// inside). If the parser accepts an envelope, its id, event type and UTF-8 must be valid.

#include <algorithm>

#include "base/utf8.hpp"
#include "fuzz.hpp"
#include "handlers/notification.hpp"

namespace couponhook::fuzz {
namespace {

void run(std::string_view input) {
  const auto notification = handlers::parse_notification(input, {});
  if (!notification) {
    require(!notification.error().message.empty(), "a refusal says why");
    return;
  }
  const auto visible = [](char c) { return c > ' ' && c < '\x7f'; };
  require(!notification->id.empty() && notification->id.size() <= 64 &&
              std::ranges::all_of(notification->id, visible),
          "an id is 1 to 64 visible characters");
  require(!notification->event_type.empty() && notification->event_type.size() <= 64,
          "an event type is 1 to 64 characters");
  require(base::is_utf8(notification->summary), "texts are UTF-8");
}

const Registration registered("envelope", run);

}  // namespace
}  // namespace couponhook::fuzz
