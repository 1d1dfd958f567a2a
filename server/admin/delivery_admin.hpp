#pragma once

/// \file
/// Operators' actions on deliveries, pauses and the quarantine, as requests to the admin listener.

#include <memory>
#include <optional>
#include <string_view>

#include "base/url.hpp"
#include "server/admin/admin_routes.hpp"
#include "server/admin/operator_sources.hpp"
#include "server/admin/pause_admin.hpp"
#include "server/admin/quarantine_admin.hpp"
#include "server/admin/retry_jobs.hpp"
#include "server/net/http_message.hpp"
#include "storage/delivery_control.hpp"

namespace couponhook::server {

/// Handles requests whose path is, or begins with, /deliveries, /pauses or /quarantine. The object
/// runs on the admin listener's thread, like the class Admin. A request may block this thread while
/// it waits for the store, for about the time of one commit.
class DeliveryAdmin {
 public:
  /// \param connection a connection to a store with the current schema. The connection must be
  ///   allowed to write.
  /// \param jobs the background jobs that do the requests which change many deliveries; must
  ///   outlive this object.
  DeliveryAdmin(OperatorSources sources, std::shared_ptr<storage::Connection> connection,
                RetryJobs& jobs);
  DeliveryAdmin(const DeliveryAdmin&) = delete;
  DeliveryAdmin& operator=(const DeliveryAdmin&) = delete;

  /// Adds the routes of /deliveries, /pauses and /quarantine. This object must outlive `routes`.
  void add_routes(AdminRoutes& routes);

 private:
  [[nodiscard]] Reply deliveries(const base::RequestTarget& target);
  [[nodiscard]] Reply delivery(std::string_view id);
  [[nodiscard]] Reply start_retry(const AdminCall& call);
  [[nodiscard]] Reply start_skip(const AdminCall& call);
  [[nodiscard]] Reply start_job(const Operator& by, storage::DeliveryFilter filter, bool dry_run,
                                DeliveryOrder order, const std::optional<RetryPlan>& plan = {});
  /// Starts a job that takes the deliveries of a dry run.
  /// \param members the members of the request's body, with plan: the id of the dry run.
  [[nodiscard]] Reply start_planned(const Operator& by, const base::RequestTarget& members,
                                    DeliveryOrder order);
  [[nodiscard]] Reply show_job(std::string_view id);
  [[nodiscard]] Reply cancel_job(const AdminCall& call);
  [[nodiscard]] Reply retry_one(const AdminCall& call);
  [[nodiscard]] Reply skip_one(const AdminCall& call);

  OperatorSources sources_;
  /// Store connection that the members control_, pauses_ and quarantine_ share.
  std::shared_ptr<storage::Connection> connection_;
  storage::DeliveryControl control_{connection_};
  PauseAdmin pauses_{sources_, control_};
  QuarantineAdmin quarantine_{sources_, storage::QuarantineControl(connection_)};
  RetryJobs& jobs_;
};

}  // namespace couponhook::server
