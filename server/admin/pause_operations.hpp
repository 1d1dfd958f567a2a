#pragma once

/// \file
/// Holding deliveries back and letting them go, through the admin listener.

#include <optional>
#include <set>
#include <string>
#include <string_view>

#include "server/net/http_message.hpp"
#include "base/url.hpp"
#include "server/admin/operations_sources.hpp"
#include "storage/delivery_control.hpp"

namespace couponhook::server {

/// On the admin listener's thread; may block on the store for about a commit.
class PauseOperations {
 public:
  /// Both must outlive this object.
  PauseOperations(const OperationsSources& sources, storage::DeliveryControl& control)
      : sources_(sources), control_(control) {}

  /// \return nothing where there is no such path below /pauses.
  [[nodiscard]] std::optional<Reply> answer(const Request& request, const base::RequestTarget& target);

 private:
  using EventTypes = std::set<std::string, std::less<>>;

  [[nodiscard]] Reply list();
  [[nodiscard]] Reply pause(std::string_view body);
  [[nodiscard]] Reply resume(const base::RequestTarget& target);
  /// Event types that are documented, or were received.
  [[nodiscard]] storage::Reader::Result<EventTypes> known_types();

  const OperationsSources& sources_;
  storage::DeliveryControl& control_;
};

}  // namespace couponhook::server
