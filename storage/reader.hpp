#pragma once

/// \file
/// Reads notifications, deliveries, the coupon ledger and totals from the store, for the status
/// endpoint and for commands.

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "storage/audit.hpp"
#include "storage/connection.hpp"
#include "storage/records.hpp"
#include "storage/row_types.hpp"
#include "storage/search_records.hpp"

namespace couponhook::storage {

/// Finds handlers that have open deliveries but are not in `served`: they were renamed or removed
/// from the configuration, so nobody makes these deliveries. For each handler it counts the open
/// deliveries of at most 20,000 ordering lanes (one coupon each). Works on every schema version.
/// \param served names of all configured handlers except those of type ledger, which get no
/// deliveries.
/// \return the handlers and their open deliveries, sorted by handler name.
[[nodiscard]] Connection::Result<std::vector<HandlerBacklog>> unclaimed_deliveries(
    Connection& connection, std::span<const std::string> served);

/// Reads the store without waiting for connections that write. Only one thread at a time may use an
/// object.
class Reader {
 public:
  template <typename T>
  using Result = Connection::Result<T>;

  explicit Reader(std::unique_ptr<Connection> connection);

  [[nodiscard]] Result<StoreCounts> counts();
  /// Reads one notification with its content and its deliveries. If no stored notification has the
  /// id, the quarantine is searched.
  /// \param mchid the merchant; empty: the merchant that received the id last.
  /// \return the notification; nullopt if it was not found.
  [[nodiscard]] Result<std::optional<NotificationRecord>> notification(std::string_view id,
                                                                       std::string_view mchid = {});
  [[nodiscard]] Result<NotificationPage> notifications(const NotificationFilter& filter);
  /// Reads one quarantined body with everything that is needed to decrypt it.
  /// \param quarantine_id the number of the body, which is `sequence` in NotificationRecord.
  /// \return the body; nullopt if the quarantine does not have the body, or no longer has it.
  [[nodiscard]] Result<std::optional<SealedRecord>> sealed(std::int64_t quarantine_id);
  /// Reads the newest quarantined body of a notification. The notification may have been stored
  /// too.
  /// \param mchid the merchant; empty: any merchant.
  /// \return the body; nullopt if the quarantine has none for this notification.
  [[nodiscard]] Result<std::optional<SealedRecord>> sealed_of(std::string_view id,
                                                              std::string_view mchid);
  [[nodiscard]] Result<DeliveryPage> deliveries(const DeliveryFilter& filter);
  /// \return the pauses that operators have set and not ended.
  [[nodiscard]] Result<std::vector<PauseRecord>> pauses();
  /// \return one delivery, without the history of its attempts; nullopt if there is no such
  /// delivery.
  [[nodiscard]] Result<std::optional<DeliveryRecord>> delivery(std::int64_t delivery_id);
  /// Reads when the next delivery to each handler is due.
  /// \return one entry for each of `handlers`, in their order, in milliseconds since the Unix
  /// epoch:
  ///   nullopt if no delivery to the handler is due: none is open, or all are paused. A delivery
  ///   that a replica makes now is due at the end of its lease.
  [[nodiscard]] Result<std::vector<std::optional<std::int64_t>>> next_due_ms(
      std::span<const std::string> handlers);
  /// Does the same as the function unclaimed_deliveries() (counts open deliveries of removed
  /// handlers), through the connection of this object.
  [[nodiscard]] Result<std::vector<HandlerBacklog>> unclaimed(std::span<const std::string> served);
  /// \return all ledger facts of one coupon, with the refunds of its transactions, in no particular
  /// order; empty if the coupon is unknown.
  [[nodiscard]] Result<std::vector<LedgerRecord>> coupon(std::string_view stock_id,
                                                         std::string_view coupon);
  /// Reads one page of the audit log, the newest row first; see audit_page().
  [[nodiscard]] Result<AuditPage> audit(std::int64_t limit, std::optional<std::int64_t> before) {
    return audit_page(*connection_, limit, before);
  }
  /// Finds everything that belongs to one identifier, through indexes only. `limit` of the request
  /// is at most 50.
  [[nodiscard]] Result<SearchHits> search(const SearchRequest& request);
  /// \return the redemptions of coupons in these payments, at most 50 of each payment.
  [[nodiscard]] Result<std::vector<LedgerRecord>> payments(
      std::span<const std::string> transaction_ids);
  /// \return the stored notifications with these keys, with their deliveries and attempts; those
  /// that are not stored are left out.
  [[nodiscard]] Result<std::vector<NotificationRecord>> notifications_of(
      std::span<const NotificationKey> keys);
  /// \return for each coupon its ledger facts, as coupon() does.
  [[nodiscard]] Result<std::vector<std::vector<LedgerRecord>>> coupons(
      std::span<const CouponKey> keys);
  /// Reads the history of the counters between two times, summed over steps. Times and lengths in
  /// seconds; `step_s` is the length of the stored steps and divides `sum_s`.
  [[nodiscard]] Result<std::vector<HistoryValue>> history(std::int64_t sum_s, std::int64_t step_s,
                                                          std::int64_t from_s, std::int64_t to_s);
  /// \return the connection of this object, for other readers on the same thread.
  [[nodiscard]] Connection& connection() { return *connection_; }
  [[nodiscard]] Result<std::int64_t> size_bytes() { return connection_->size_bytes(); }

 private:
  [[nodiscard]] Result<void> add_content(NotificationPage& page);
  /// Reads the deliveries of notifications, with their attempts, in one round trip.
  [[nodiscard]] Result<void> add_deliveries(std::span<NotificationRecord* const> records);
  [[nodiscard]] Result<void> add_deliveries(std::span<FoundNotification> found);
  [[nodiscard]] Result<SearchHits> search_openid(const SearchRequest& request, std::int64_t limit);
  [[nodiscard]] Result<void> add_payments(SearchHits& hits);

  std::unique_ptr<Connection> connection_;
};

}  // namespace couponhook::storage
