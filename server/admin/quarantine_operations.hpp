#pragma once

/// \file
/// What operators see and do of sealed bodies and unreadable notifications, through the admin
/// listener.

#include <optional>
#include <string>
#include <string_view>

#include "server/net/http_message.hpp"
#include "base/url.hpp"
#include "server/admin/operations_sources.hpp"
#include "storage/quarantine_control.hpp"

namespace couponhook::server {

/// On the admin listener's thread; may block on the store for about a commit.
class QuarantineOperations {
 public:
  /// \param sources must outlive this object.
  QuarantineOperations(const OperationsSources& sources, storage::QuarantineControl control);

  /// \return nothing where there is no such path below /quarantine.
  [[nodiscard]] Task<std::optional<Reply>> answer(const Request& request, const base::RequestTarget& target);

 private:
  /// What an id in a path means: the number of a sealed body, or the id of a notification. At most
  /// one is there.
  struct Meant {
    std::optional<storage::SealedRecord> sealed;
    std::optional<storage::NotificationRecord> kept;
  };

  [[nodiscard]] Reply list(const base::RequestTarget& target);
  [[nodiscard]] storage::Reader::Result<Meant> find(std::string_view id, std::string_view mchid);
  [[nodiscard]] Task<Reply> open(std::string_view id, std::string_view mchid);
  [[nodiscard]] Task<Reply> open_sealed(const storage::SealedRecord& sealed);
  [[nodiscard]] Reply reread(storage::NotificationRecord kept);
  [[nodiscard]] Reply discard(std::string_view id, std::string_view mchid, std::string_view body);

  const OperationsSources& sources_;
  storage::QuarantineControl control_;
};

}  // namespace couponhook::server
