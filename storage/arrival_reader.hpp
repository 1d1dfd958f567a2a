#pragma once

/// \file
/// Reads notifications and quarantined bodies in the order in which they arrived, for the event
/// stream of the status endpoint.

#include <cstdint>
#include <limits>
#include <span>
#include <vector>

#include "storage/connection.hpp"
#include "storage/records.hpp"

namespace couponhook::storage {

/// The tables that the store writes arrivals to. Each has row numbers of its own.
enum class ArrivalTable : std::uint8_t { kNotifications, kQuarantine };

/// Reads arrivals by their row numbers, through indexes, in pages with a limit. Row numbers are
/// given out when a row is inserted, and PostgreSQL commits several transactions at a time: a row
/// can become visible after a row with a higher number. SQLite has one writer at a time, so its
/// rows become visible in order.
///
/// Uses the connection of a Reader. Only one thread at a time may use both.
class ArrivalReader {
 public:
  template <typename T>
  using Result = Connection::Result<T>;

  static constexpr std::int64_t kLast = std::numeric_limits<std::int64_t>::max();

  /// \param connection must outlive this object.
  explicit ArrivalReader(Connection& connection) : connection_(connection) {}

  /// Returns true if rows can become visible out of the order of their numbers.
  [[nodiscard]] bool may_be_out_of_order() const { return connection_.engine() != "sqlite"; }

  /// \return the highest row number of the table; 0 if the table is empty.
  [[nodiscard]] Result<std::int64_t> newest(ArrivalTable table);
  /// Reads rows with numbers above `after`, up to `last`, in ascending order. Notifications come
  /// with their resource and their deliveries (without the attempts).
  [[nodiscard]] Result<std::vector<NotificationRecord>> rows(ArrivalTable table, std::int64_t after,
                                                             std::int64_t last, std::int64_t limit);
  /// \return the highest `limit` row numbers above `after`, up to `last`, in descending order.
  [[nodiscard]] Result<std::vector<std::int64_t>> numbers(ArrivalTable table, std::int64_t after,
                                                          std::int64_t last, std::int64_t limit);
  /// Reads the deliveries of notifications, in one round trip to the database.
  /// \param notifications row numbers of the notifications.
  /// \return one list for each notification, in the same order.
  [[nodiscard]] Result<std::vector<std::vector<DeliveryRecord>>> deliveries(
      std::span<const std::int64_t> notifications);

 private:
  Connection& connection_;
};

}  // namespace couponhook::storage
