#include "handlers/event_time.hpp"

#include <array>
#include <cstddef>
#include <cstdio>

namespace couponhook::handlers {
namespace {

using std::chrono::hours;
using std::chrono::milliseconds;
using std::chrono::minutes;
using std::chrono::seconds;
using Instant = std::chrono::sys_time<milliseconds>;

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

/// Reads a text from left to right. After the first mismatch the whole scan counts as failed, so a
/// caller checks finished() only once, at the end.
class Scanner {
 public:
  explicit Scanner(std::string_view text) : rest_(text) {}

  [[nodiscard]] bool finished() const { return good_ && rest_.empty(); }

  bool skip_if(char c) {
    if (rest_.empty() || rest_.front() != c) return false;
    rest_.remove_prefix(1);
    return true;
  }
  void skip(char c) { good_ = skip_if(c) && good_; }

  /// Reads exactly `digits` decimal digits, whose value must be at most `value_max`.
  int number(std::size_t digits, int value_max) {
    int value = 0;
    for (std::size_t i = 0; i < digits; ++i) value = value * 10 + digit();
    good_ = good_ && value <= value_max;
    return value;
  }

  /// Reads all digits after the decimal point. Digits finer than a millisecond are ignored.
  milliseconds fraction() {
    int value = digit() * 100;
    for (int unit = 10; !rest_.empty() && is_digit(rest_.front()); unit /= 10) {
      value += digit() * unit;
    }
    return milliseconds(value);
  }

 private:
  int digit() {
    if (rest_.empty() || !is_digit(rest_.front())) {
      good_ = false;
      return 0;
    }
    const int value = rest_.front() - '0';
    rest_.remove_prefix(1);
    return value;
  }

  std::string_view rest_;
  bool good_ = true;
};

constexpr auto kBeijing = hours(8);
constexpr int kAnyYear = 9999;
constexpr int kLeapSecond = 60;  // RFC 3339 allows second 60: parsed as second 0 of the next minute

std::chrono::year_month_day date(int year, int month, int day) {
  return {std::chrono::year(year), std::chrono::month(static_cast<unsigned>(month)),
          std::chrono::day(static_cast<unsigned>(day))};
}

/// Parses yyyyMMddHHmmss, Beijing time.
std::optional<Instant> parse_compact(std::string_view text) {
  Scanner scan(text);
  const int year = scan.number(4, kAnyYear);
  const int month = scan.number(2, 12);
  const auto day = date(year, month, scan.number(2, 31));
  const hours hour(scan.number(2, 23));
  const minutes minute(scan.number(2, 59));
  const seconds second(scan.number(2, kLeapSecond));
  if (!scan.finished() || !day.ok()) return {};
  return std::chrono::sys_days(day) + hour + minute + second - kBeijing;
}

std::optional<Instant> parse_rfc3339(std::string_view text) {
  Scanner scan(text);
  const int year = scan.number(4, kAnyYear);
  scan.skip('-');
  const int month = scan.number(2, 12);
  scan.skip('-');
  const auto day = date(year, month, scan.number(2, 31));
  scan.skip('T');
  const hours hour(scan.number(2, 23));
  scan.skip(':');
  const minutes minute(scan.number(2, 59));
  seconds second(0);
  milliseconds fraction(0);
  if (scan.skip_if(':')) {
    second = seconds(scan.number(2, kLeapSecond));
    if (scan.skip_if('.')) fraction = scan.fraction();
  }
  minutes offset(0);
  if (!scan.skip_if('Z')) {
    const bool west = scan.skip_if('-');
    if (!west) scan.skip('+');
    offset = hours(scan.number(2, 23));
    scan.skip(':');
    offset += minutes(scan.number(2, 59));
    if (west) offset = -offset;
  }
  if (!scan.finished() || !day.ok()) return {};
  return std::chrono::sys_days(day) + hour + minute + second + fraction - offset;
}

}  // namespace

std::optional<Instant> parse_event_time(std::string_view text) {
  constexpr std::size_t kCompactLength = std::string_view("yyyyMMddHHmmss").size();
  return text.size() == kCompactLength ? parse_compact(text) : parse_rfc3339(text);
}

std::string format_event_time(Instant time) {
  const auto midnight = std::chrono::floor<std::chrono::days>(time);
  const std::chrono::year_month_day day(midnight);
  const std::chrono::hh_mm_ss clock(time - midnight);
  std::array<char, 32> text{};
  std::snprintf(
      text.data(), text.size(), "%04d-%02u-%02uT%02d:%02d:%02d.%03dZ", static_cast<int>(day.year()),
      static_cast<unsigned>(day.month()), static_cast<unsigned>(day.day()),
      static_cast<int>(clock.hours().count()), static_cast<int>(clock.minutes().count()),
      static_cast<int>(clock.seconds().count()), static_cast<int>(clock.subseconds().count()));
  return text.data();
}

}  // namespace couponhook::handlers
