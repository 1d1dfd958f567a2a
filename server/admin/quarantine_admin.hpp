#pragma once

/// \file
/// Operators' actions on quarantined bodies (with a valid signature, but not decrypted) and on
/// unreadable notifications, through the admin listener.

#include <optional>
#include <string>
#include <string_view>

#include "base/url.hpp"
#include "server/admin/admin_routes.hpp"
#include "server/admin/operator_sources.hpp"
#include "server/net/http_message.hpp"
#include "storage/quarantine_control.hpp"

namespace couponhook::server {

/// Handles requests to /quarantine and the paths below it. The object runs on the admin listener's
/// thread. A request may block this thread while it waits for the store, for about the time of one
/// commit.
class QuarantineAdmin {
 public:
  /// \param sources the store, the keys and other parts of the service; must outlive this object.
  QuarantineAdmin(const OperatorSources& sources, storage::QuarantineControl control);

  /// Adds the routes of /quarantine. This object must outlive `routes`.
  void add_routes(AdminRoutes& routes);

 private:
  /// The stored object that the id in a request's path refers to: a quarantined body (the id is its
  /// number), or a notification (the id is the notification's id). At most one of the two members
  /// is set.
  struct StoredItem {
    std::optional<storage::SealedRecord> sealed;
    std::optional<storage::NotificationRecord> kept;
  };

  [[nodiscard]] Reply list(const base::RequestTarget& target);
  [[nodiscard]] storage::Reader::Result<StoredItem> find(std::string_view id,
                                                         std::string_view mchid);
  [[nodiscard]] Task<Reply> open(const AdminCall& call);
  /// Decrypts a body again.
  /// \param result receives the result for the audit log.
  [[nodiscard]] Task<Reply> open_sealed(const storage::SealedRecord& sealed, std::string& result);
  [[nodiscard]] Reply reread(storage::NotificationRecord kept, storage::AuditRecord record);
  [[nodiscard]] Reply discard(const AdminCall& call);

  const OperatorSources& sources_;
  storage::QuarantineControl control_;
};

}  // namespace couponhook::server
