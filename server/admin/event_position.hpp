#pragma once

/// \file
/// Position of a client in the event stream, and its form as text (the id of an event).

#include <cstddef>
#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace couponhook::server {

/// A range of row numbers, with both ends.
struct NumberRange {
  std::int64_t first = 0;
  std::int64_t last = 0;
  friend bool operator==(const NumberRange&, const NumberRange&) = default;
};

/// Position in one table: the client has all rows with numbers up to `high`, except those in
/// `missing`.
struct TablePosition {
  std::int64_t high = 0;
  /// Numbers up to `high` that had no row yet; in ascending order. A transaction may still commit
  /// such a row (storage::ArrivalReader).
  std::vector<NumberRange> missing;
  friend bool operator==(const TablePosition&, const TablePosition&) = default;
};

/// Position in the event stream. The text form is "N.Q", the positions in the tables of
/// notifications and of quarantined bodies, for example "120.7". Missing numbers follow after "~":
/// "120~117-118~119.7".
struct EventPosition {
  TablePosition notifications;
  TablePosition quarantine;
  friend bool operator==(const EventPosition&, const EventPosition&) = default;
};

/// Largest number of ranges that a position may hold.
inline constexpr std::size_t kMissingRangesMax = 40;

/// Makes the position "all up to `high` except `missing`". If the numbers do not fit into
/// kMissingRangesMax ranges, the position is one with a lower `high`: a client that continues from
/// there gets some events again, but loses none.
/// \param missing numbers that have no row; those above `high` do not count.
[[nodiscard]] TablePosition position_at(std::int64_t high, const std::set<std::int64_t>& missing);

[[nodiscard]] std::string to_text(const EventPosition& position);

/// Parses the text form of a position. A single number N is the position of the notifications; the
/// quarantine's is then the end of its table.
/// \return the position, or nothing if the text is not a position.
[[nodiscard]] std::optional<EventPosition> parse_event_position(std::string_view text);

}  // namespace couponhook::server
