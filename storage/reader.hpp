#pragma once

/// \file
/// What the status endpoint and the commands ask the store.

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "storage/connection.hpp"
#include "storage/records.hpp"

namespace couponhook::storage {

/// Handlers that have open deliveries and are not among those served: they were renamed or removed,
/// and nobody makes the deliveries. By name. Each is counted in 20,000 of its coupons at most.
/// Works on every version of the schema.
/// \param served whom deliveries are made to: every configured handler but those of type ledger.
[[nodiscard]] Connection::Result<std::vector<HandlerBacklog>> unclaimed_deliveries(
    Connection& connection, std::span<const std::string> served);

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
  /// The newest sealed body of a notification, kept or not; nothing inside where there is none.
  /// \param mchid empty: of any merchant.
  [[nodiscard]] Result<std::optional<SealedRecord>> sealed_of(std::string_view id,
                                                              std::string_view mchid);
  [[nodiscard]] Result<DeliveryPage> deliveries(const DeliveryFilter& filter);
  /// What is paused now.
  [[nodiscard]] Result<std::vector<PauseRecord>> pauses();
  /// \return nothing inside where there is no such delivery; without its history.
  [[nodiscard]] Result<std::optional<DeliveryRecord>> delivery(std::int64_t delivery_id);
  /// As unclaimed_deliveries().
  [[nodiscard]] Result<std::vector<HandlerBacklog>> unclaimed(std::span<const std::string> served);
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
