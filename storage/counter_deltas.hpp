#pragma once

/// \file
/// Changes that one transaction makes to the stored totals, such as the number of stored
/// notifications.

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "storage/connection.hpp"

namespace couponhook::storage {

/// Names of the totals that the store keeps. The database holds these strings: never rename them.
namespace counter {
inline constexpr std::string_view kStored = "stored";
inline constexpr std::string_view kDuplicates = "duplicates";
inline constexpr std::string_view kConflicts = "conflicts";
inline constexpr std::string_view kQuarantined = "quarantined";
// Totals of rows that are present now, which go up and down. The other totals (stored, duplicates,
// conflicts, quarantined) count all events since the store was created.
inline constexpr std::string_view kSealed = "sealed";
inline constexpr std::string_view kUnreadable = "unreadable";
inline constexpr std::string_view kDeliveriesPrefix = "deliveries:";
inline constexpr std::string_view kDeliveriesPending = "deliveries:pending";
inline constexpr std::string_view kDeliveriesRetrying = "deliveries:retrying";
inline constexpr std::string_view kDeliveriesDead = "deliveries:dead";
inline constexpr std::string_view kDeliveriesDone = "deliveries:done";
inline constexpr std::string_view kDeliveriesSkipped = "deliveries:skipped";
/// Deliveries that became dead, ever, also those that were retried since.
inline constexpr std::string_view kDeliveriesDied = "deliveries:died";
inline constexpr std::string_view kTypePrefix = "type:";
inline constexpr std::string_view kOtherTypes = "type:other";
}  // namespace counter

/// Returns the name of the total of the deliveries of one handler in one state, such as
/// "deliveries:dead:crm". A store that an older release wrote lacks these totals at first; see
/// correct_totals().
/// \param total name of the total of the state, such as counter::kDeliveriesDead.
[[nodiscard]] std::string counter_of_handler(std::string_view total, std::string_view handler);

/// Collects the changes of the stored totals by name, so that a transaction updates each total only
/// once. The names stay in memory from one transaction to the next, so counting allocates no
/// memory. At most kTypesMax event types get a total of their own, because all totals are always
/// read together; notifications of further types are counted under kOtherTypes.
class CounterDeltas {
 public:
  static constexpr std::size_t kTypesMax = 200;
  static constexpr std::size_t kTypeLengthMax = 100;

  /// Registers the name of a total that the store already has. If the total belongs to an event
  /// type, that type is not counted under kOtherTypes.
  void know(std::string_view name);
  /// Adds `delta` to a stored total.
  /// \param name name of the total: one of the constants in namespace counter.
  void add(std::string_view name, std::int64_t delta = 1);
  /// Adds `delta` to the total of the deliveries in one state, and to the total of those deliveries
  /// that belong to one handler.
  /// \param total name of the total of the state, such as counter::kDeliveriesDead.
  void add_delivery(std::string_view handler, std::string_view total, std::int64_t delta = 1);
  /// Counts a delivery that changes its state: subtracts one from the totals of `from`, and adds
  /// one to those of `to`.
  void move_delivery(std::string_view handler, std::string_view from, std::string_view to) {
    if (from == to) return;
    add_delivery(handler, from, -1);
    add_delivery(handler, to);
  }
  void add_type(std::string_view event_type);
  void clear();

  /// Appends to `commands` one SQL command for each total that has changed. The commands stay valid
  /// until the next call of a function that counts or clears.
  void append_commands(std::int64_t slot, std::vector<Command>& commands) const;

 private:
  using Totals = std::map<std::string, std::int64_t, std::less<>>;

  Totals totals_;
  std::size_t types_ = 0;
  std::string type_name_;
  std::string handler_name_;
};

}  // namespace couponhook::storage
