#pragma once

/// \file
/// Reads the store for the status endpoint and for commands.

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

/// Lists, by name, the handlers that have open deliveries but are not in `served`: they were
/// renamed or removed, so nobody makes these deliveries. Counts deliveries in at most 20,000 lanes
/// of each handler. Works on every schema version.
/// \param served all configured handlers except those of type ledger, which get no deliveries.
[[nodiscard]] Connection::Result<std::vector<HandlerBacklog>> unclaimed_deliveries(
    Connection& connection, std::span<const std::string> served);

/// Reads without waiting for the writer. Only one thread at a time may use an object.
class Reader {
 public:
  template <typename T>
  using Result = Connection::Result<T>;

  explicit Reader(std::unique_ptr<Connection> connection);

  [[nodiscard]] Result<StoreCounts> counts();
  /// \param mchid the merchant; empty: the merchant that received the id last.
  /// \return the notification with resource and deliveries; nullopt if no such merchant has the id.
  /// If no stored notification has the id, the quarantine is searched.
  [[nodiscard]] Result<std::optional<NotificationRecord>> notification(std::string_view id,
                                                                       std::string_view mchid = {});
  [[nodiscard]] Result<NotificationPage> notifications(const NotificationFilter& filter);
  /// \return nullopt if the body is not in quarantine (any more).
  /// \param quarantine_id the number of the body, which is `sequence` in NotificationRecord.
  [[nodiscard]] Result<std::optional<SealedRecord>> sealed(std::int64_t quarantine_id);
  /// \return the newest sealed body of a notification, which may also be stored; nullopt if there
  /// is none.
  /// \param mchid the merchant; empty: any merchant.
  [[nodiscard]] Result<std::optional<SealedRecord>> sealed_of(std::string_view id,
                                                              std::string_view mchid);
  [[nodiscard]] Result<DeliveryPage> deliveries(const DeliveryFilter& filter);
  /// \return the active pauses.
  [[nodiscard]] Result<std::vector<PauseRecord>> pauses();
  /// \return the delivery without its history; nullopt if there is no such delivery.
  [[nodiscard]] Result<std::optional<DeliveryRecord>> delivery(std::int64_t delivery_id);
  /// See unclaimed_deliveries().
  [[nodiscard]] Result<std::vector<HandlerBacklog>> unclaimed(std::span<const std::string> served);
  /// \return all facts of one coupon, with the refunds of its transactions, in no particular order;
  /// empty if the coupon is unknown.
  [[nodiscard]] Result<std::vector<LedgerRecord>> coupon(std::string_view stock_id,
                                                         std::string_view coupon);
  [[nodiscard]] Result<std::int64_t> size_bytes() { return connection_->size_bytes(); }

 private:
  [[nodiscard]] Result<void> add_content(NotificationPage& page);

  std::unique_ptr<Connection> connection_;
};

}  // namespace couponhook::storage
