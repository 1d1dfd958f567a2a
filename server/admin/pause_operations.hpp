#pragma once

/// \file
/// Pausing and resuming deliveries, through the admin listener.

#include <optional>
#include <set>
#include <string>
#include <string_view>

#include "server/net/http_message.hpp"
#include "base/url.hpp"
#include "server/admin/operations_sources.hpp"
#include "storage/delivery_control.hpp"

namespace couponhook::server {

/// Handles /pauses. Runs on the admin listener's thread. A request may block the thread on the
/// store for about one commit.
class PauseOperations {
 public:
  /// Both parameters must outlive this object.
  PauseOperations(const OperationsSources& sources, storage::DeliveryControl& control)
      : sources_(sources), control_(control) {}

  /// Handles a request for /pauses.
  /// \return nothing when the path continues after /pauses.
  [[nodiscard]] std::optional<Reply> answer(const Request& request, const base::RequestTarget& target);

 private:
  using EventTypes = std::set<std::string, std::less<>>;

  [[nodiscard]] Reply list();
  [[nodiscard]] Reply pause(std::string_view body);
  [[nodiscard]] Reply resume(const base::RequestTarget& target);
  /// All documented event types, and all event types that were received.
  [[nodiscard]] storage::Reader::Result<EventTypes> known_types();

  const OperationsSources& sources_;
  storage::DeliveryControl& control_;
};

}  // namespace couponhook::server
