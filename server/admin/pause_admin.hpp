#pragma once

/// \file
/// Operators' requests to pause and resume deliveries, through the admin listener.

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

/// Handles requests to /pauses. The object runs on the admin listener's thread. A request may block
/// this thread while it waits for the store, for about the time of one commit.
class PauseAdmin {
 public:
  /// The objects `sources` and `control` must outlive this object.
  PauseAdmin(const OperatorSources& sources, storage::DeliveryControl& control)
      : sources_(sources), control_(control) {}

  /// Adds the routes of /pauses. This object must outlive `routes`.
  void add_routes(AdminRoutes& routes);

 private:
  using EventTypes = std::set<std::string, std::less<>>;

  [[nodiscard]] Reply list();
  [[nodiscard]] Reply pause(const AdminCall& call);
  [[nodiscard]] Reply resume(const AdminCall& call);
  /// Returns all event types that WeChat Pay documents, and all event types that were received.
  [[nodiscard]] storage::Reader::Result<EventTypes> known_types();

  const OperatorSources& sources_;
  storage::DeliveryControl& control_;
};

}  // namespace couponhook::server
