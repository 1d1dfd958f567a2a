#pragma once

/// \file
/// Requests about the audit log (GET /audit) and the log level (POST /log).

#include <string>

#include "base/url.hpp"
#include "server/admin/admin_routes.hpp"
#include "server/admin/audit_trail.hpp"
#include "server/log/log.hpp"
#include "server/net/http_message.hpp"
#include "storage/reader.hpp"

namespace couponhook::server {

/// Handles requests to /audit and /log. The object runs on the admin listener's thread. A request
/// may block this thread while it waits for the store.
class AuditAdmin {
 public:
  /// The objects must outlive this object.
  AuditAdmin(storage::Reader& reader, AuditTrail& audit, Log& log)
      : reader_(reader), audit_(audit), log_(log) {}

  /// Adds the routes of /audit and /log. This object must outlive `routes`.
  void add_routes(AdminRoutes& routes);

 private:
  [[nodiscard]] Reply list(const base::RequestTarget& target);
  /// Changes the level even if the store fails, because an operator needs the log then.
  [[nodiscard]] Reply set_level(const AdminCall& call);

  storage::Reader& reader_;
  AuditTrail& audit_;
  Log& log_;
};

/// Writes the body of `GET /audit`: one page of operators' actions.
[[nodiscard]] std::string audit_json(const storage::AuditPage& page);

}  // namespace couponhook::server
