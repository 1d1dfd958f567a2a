#pragma once

/// \file
/// Changes that one transaction makes to the stored totals.

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "storage/connection.hpp"

namespace couponhook::storage {

/// Names of the totals. The database holds these strings: never rename them.
namespace counter {
inline constexpr std::string_view kStored = "stored";
inline constexpr std::string_view kDuplicates = "duplicates";
inline constexpr std::string_view kConflicts = "conflicts";
inline constexpr std::string_view kQuarantined = "quarantined";
// Current numbers; the four above count everything since the store was created.
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

/// Sums the changes by name, so that a transaction updates each total once. The names stay in
/// memory from one transaction to the next, so counting needs no allocation. At most kTypesMax
/// event types get a total of their own, because totals are always read all together; further types
/// are counted under kOtherTypes.
class CounterDeltas {
 public:
  static constexpr std::size_t kTypesMax = 200;
  static constexpr std::size_t kTypeLengthMax = 100;

  /// Registers a name that the store already has, so that it keeps its own total.
  void know(std::string_view name);
  /// \param name one of the constants in namespace counter.
  void add(std::string_view name, std::int64_t delta = 1);
  /// Moves one from the total `from` to the total `to`.
  void move(std::string_view from, std::string_view to) {
    add(from, -1);
    add(to);
  }
  void add_type(std::string_view event_type);
  void clear();

  /// Appends one command for each total that changes. The commands are valid until the next call
  /// that counts or clears.
  void append_commands(std::int64_t slot, std::vector<Command>& commands) const;

 private:
  using Totals = std::map<std::string, std::int64_t, std::less<>>;

  Totals totals_;
  std::size_t types_ = 0;
  std::string type_name_;
};

}  // namespace couponhook::storage
