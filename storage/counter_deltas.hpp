#pragma once

/// \file
/// What one transaction adds to the totals.

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "storage/connection.hpp"

namespace couponhook::storage {

/// Names of the totals. Stored: never rename them.
namespace counter {
inline constexpr std::string_view kStored = "stored";
inline constexpr std::string_view kDuplicates = "duplicates";
inline constexpr std::string_view kConflicts = "conflicts";
inline constexpr std::string_view kQuarantined = "quarantined";
// How many there are now, rather than how many there have been:
inline constexpr std::string_view kSealed = "sealed";
inline constexpr std::string_view kUnreadable = "unreadable";
inline constexpr std::string_view kDeliveriesPending = "deliveries:pending";
inline constexpr std::string_view kDeliveriesRetrying = "deliveries:retrying";
inline constexpr std::string_view kDeliveriesDead = "deliveries:dead";
inline constexpr std::string_view kDeliveriesDone = "deliveries:done";
inline constexpr std::string_view kDeliveriesSkipped = "deliveries:skipped";
inline constexpr std::string_view kTypePrefix = "type:";
inline constexpr std::string_view kOtherTypes = "type:other";
}  // namespace counter

/// Sums by name, so that a transaction touches each total once. Names stay known from one
/// transaction to the next, which makes counting free of allocations and lets the event types be
/// limited: beyond kTypesMax they are counted together, since totals are read whole.
class CounterDeltas {
 public:
  static constexpr std::size_t kTypesMax = 200;
  static constexpr std::size_t kTypeLengthMax = 100;

  /// A name that the store has, to be counted under itself.
  void know(std::string_view name);
  /// `name` must be one of the constants above.
  void add(std::string_view name, std::int64_t delta = 1);
  /// One less of these, one more of those.
  void move(std::string_view from, std::string_view to) {
    add(from, -1);
    add(to);
  }
  void add_type(std::string_view event_type);
  void clear();

  /// Appends a command for each total that changes. Valid until the next call that counts.
  void append_commands(std::int64_t slot, std::vector<Command>& commands) const;

 private:
  using Totals = std::map<std::string, std::int64_t, std::less<>>;

  Totals totals_;
  std::size_t types_ = 0;
  std::string type_name_;
};

}  // namespace couponhook::storage
