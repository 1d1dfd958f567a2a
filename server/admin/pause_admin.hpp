#pragma once

/// \file
/// Pausing and resuming deliveries, through the admin listener.

#include <optional>
#include <set>
#include <string>
#include <string_view>

#include "base/url.hpp"
#include "server/admin/admin_routes.hpp"
#include "server/admin/operator_sources.hpp"
#include "server/net/http_message.hpp"
#include "storage/delivery_control.hpp"

namespace couponhook::server {

/// Handles /pauses. Runs on the admin listener's thread. A request may block the thread on the
/// store for about one commit.
class PauseAdmin {
 public:
  /// Both parameters must outlive this object.
  PauseAdmin(const OperatorSources& sources, storage::DeliveryControl& control)
      : sources_(sources), control_(control) {}

  /// Adds the routes of /pauses. This object must outlive `routes`.
  void add_routes(AdminRoutes& routes);

 private:
  using EventTypes = std::set<std::string, std::less<>>;

  [[nodiscard]] Reply list();
  [[nodiscard]] Reply pause(std::string_view body);
  [[nodiscard]] Reply resume(const base::RequestTarget& target);
  /// All documented event types, and all event types that were received.
  [[nodiscard]] storage::Reader::Result<EventTypes> known_types();

  const OperatorSources& sources_;
  storage::DeliveryControl& control_;
};

}  // namespace couponhook::server
