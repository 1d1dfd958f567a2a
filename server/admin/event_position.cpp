#include "server/admin/event_position.hpp"

#include <charconv>
#include <limits>

namespace couponhook::server {
namespace {

void append(std::string& text, const TablePosition& position) {
  text += std::to_string(position.high);
  for (const NumberRange& range : position.missing) {
    (text += '~') += std::to_string(range.first);
    if (range.last != range.first) (text += '-') += std::to_string(range.last);
  }
}

/// Takes the text up to a separator off the front of `text`; the whole text if it has none.
std::string_view take_until(std::string_view& text, char separator) {
  const std::size_t end = text.find(separator);
  const std::string_view taken = text.substr(0, end);
  text = end == std::string_view::npos ? std::string_view() : text.substr(end + 1);
  return taken;
}

bool parse_row_number(std::string_view text, std::int64_t& into) {
  const auto [stop, ec] = std::from_chars(text.data(), text.data() + text.size(), into);
  return ec == std::errc() && stop == text.data() + text.size() && into >= 0;
}

std::optional<TablePosition> parse_table_position(std::string_view text) {
  TablePosition position;
  if (text.ends_with('~')) return std::nullopt;
  if (!parse_row_number(take_until(text, '~'), position.high)) return std::nullopt;
  std::int64_t before = 0;
  while (!text.empty()) {
    std::string_view ends = take_until(text, '~');
    NumberRange range;
    if (!parse_row_number(take_until(ends, '-'), range.first)) return std::nullopt;
    range.last = range.first;
    if (!ends.empty() && !parse_row_number(ends, range.last)) return std::nullopt;
    const bool ascending = before < range.first && range.first <= range.last;
    if (!ascending || range.last > position.high) return std::nullopt;
    if (position.missing.size() == kMissingRangesMax) return std::nullopt;
    before = range.last;
    position.missing.push_back(range);
  }
  return position;
}

}  // namespace

TablePosition position_at(std::int64_t high, const std::set<std::int64_t>& missing) {
  TablePosition position{high, {}};
  for (const std::int64_t number : missing) {
    if (number > high) break;
    if (!position.missing.empty() && position.missing.back().last + 1 == number) {
      position.missing.back().last = number;
    } else if (position.missing.size() == kMissingRangesMax) {
      position.high = number - 1;
      break;
    } else {
      position.missing.push_back({number, number});
    }
  }
  return position;
}

std::string to_text(const EventPosition& position) {
  std::string text;
  append(text, position.notifications);
  text += '.';
  append(text, position.quarantine);
  return text;
}

std::optional<EventPosition> parse_event_position(std::string_view text) {
  const bool has_both = text.find('.') != std::string_view::npos;
  auto notifications = parse_table_position(take_until(text, '.'));
  if (!notifications) return std::nullopt;
  if (!has_both) {
    return EventPosition{std::move(*notifications), {std::numeric_limits<std::int64_t>::max(), {}}};
  }
  auto quarantine = parse_table_position(text);
  if (!quarantine) return std::nullopt;
  return EventPosition{std::move(*notifications), std::move(*quarantine)};
}

}  // namespace couponhook::server
