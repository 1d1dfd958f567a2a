#pragma once

/// \file
/// What operators see and change through the admin listener: deliveries, pauses, the quarantine.

#include <functional>
#include <optional>
#include <string_view>

#include "server/clock.hpp"
#include "server/merchants.hpp"
#include "server/net/http_message.hpp"
#include "server/net/target.hpp"
#include "server/receive.hpp"
#include "server/retry_jobs.hpp"
#include "storage/delivery_control.hpp"
#include "storage/inbox.hpp"
#include "storage/reader.hpp"

namespace couponhook::server {

/// What operations work with; all references must outlive them.
struct OperationsSources {
  storage::Reader& reader;
  storage::Inbox& inbox;
  const Live<Merchants>& merchants;
  const ReceiveRules& rules;
  WallClock clock;
  /// Tells the delivery worker that more has fallen due.
  std::function<void()> wake_worker;
};

/// On the admin listener's thread, as Admin is; may block on the store for about a commit.
class Operations {
 public:
  Operations(OperationsSources sources, storage::DeliveryControl control, RetryJobs& jobs);

  /// Whether a request that changes something has a place here.
  [[nodiscard]] static bool takes(std::string_view method, std::string_view target);

  /// \return nothing where there is no such path.
  [[nodiscard]] Task<std::optional<Reply>> answer(const Request& request, const Target& target);

 private:
  [[nodiscard]] Reply deliveries(const Target& target);
  [[nodiscard]] Reply start_retry(std::string_view body);
  [[nodiscard]] Reply retry_job(std::string_view method, std::string_view id);
  [[nodiscard]] Reply retry_one(std::string_view id);
  [[nodiscard]] Reply skip_one(std::string_view id, std::string_view body);
  [[nodiscard]] Reply pauses();
  [[nodiscard]] Reply pause(std::string_view body);
  [[nodiscard]] Reply resume(const Target& target);
  [[nodiscard]] Reply quarantine(const Target& target);
  [[nodiscard]] Task<Reply> open_sealed(std::string_view id);

  OperationsSources sources_;
  storage::DeliveryControl control_;
  RetryJobs& jobs_;
};

}  // namespace couponhook::server
