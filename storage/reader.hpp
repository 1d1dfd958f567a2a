#pragma once

/// \file
/// What the status endpoint and the commands ask the store.

#include <cstdint>
#include <memory>
#include <optional>
#include <string_view>
#include <vector>

#include "storage/connection.hpp"
#include "storage/records.hpp"

namespace couponhook::storage {

/// Reads beside the writer, without waiting for it. One thread at a time.
class Reader {
 public:
  template <typename T>
  using Result = Connection::Result<T>;

  explicit Reader(std::unique_ptr<Connection> connection);

  [[nodiscard]] Result<StoreCounts> counts();
  /// \param mchid whose; empty: of whichever merchant it came to last.
  /// \return nothing inside where no such merchant has the id; with resource and deliveries. Looks
  ///   among the quarantined where it is not among the kept.
  [[nodiscard]] Result<std::optional<NotificationRecord>> notification(std::string_view id,
                                                                       std::string_view mchid = {});
  [[nodiscard]] Result<NotificationPage> notifications(const NotificationFilter& filter);
  /// \return nothing inside where it is not, or no longer, in quarantine. In NotificationRecord,
  ///   `sequence` is a quarantined body's number.
  [[nodiscard]] Result<std::optional<SealedRecord>> sealed(std::int64_t quarantine_id);
  [[nodiscard]] Result<DeliveryPage> deliveries(const DeliveryFilter& filter);
  /// What is paused now.
  [[nodiscard]] Result<std::vector<PauseRecord>> pauses();
  /// Everything known of one coupon, refunds of its transactions included, in no particular order;
  /// empty where it was never heard of.
  [[nodiscard]] Result<std::vector<LedgerRecord>> coupon(std::string_view stock_id,
                                                         std::string_view coupon);
  [[nodiscard]] Result<std::int64_t> size_bytes() { return connection_->size_bytes(); }

 private:
  [[nodiscard]] Result<void> add_content(NotificationPage& page);

  std::unique_ptr<Connection> connection_;
};

}  // namespace couponhook::storage
