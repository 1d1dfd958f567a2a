#include "base/wechat_time.hpp"

#include <array>
#include <cstddef>
#include <cstdio>

#include "base/ascii.hpp"

namespace couponhook::base {
namespace {

using std::chrono::hours;
using std::chrono::milliseconds;
using std::chrono::minutes;
using std::chrono::seconds;
using std::chrono::sys_seconds;
using Instant = std::chrono::sys_time<milliseconds>;

constexpr hours kBeijing{8};
constexpr int kAnyYear = 9999;
// Largest number of seconds in a time of day. RFC 3339 allows 60, a leap second, which is read as
// the first second of the next minute.
constexpr int kLeapSecond = 60;

/// Reads the digits and separators of a time from the front of a text. If one of them is missing,
/// the whole scan fails, so that a caller checks only once, at the end.
class Scanner {
 public:
  explicit Scanner(std::string_view text) : rest_(text) {}

  [[nodiscard]] bool complete() const { return good_ && rest_.empty(); }

  bool skip_if(char c) {
    if (rest_.empty() || rest_.front() != c) return false;
    rest_.remove_prefix(1);
    return true;
  }
  void skip(char c) { good_ = skip_if(c) && good_; }

  /// Reads a number of exactly `count` digits from the time's text. A number larger than
  /// `value_max` makes the parsing of the time fail.
  int digits(std::size_t count, int value_max) {
    int value = 0;
    for (std::size_t i = 0; i < count; ++i) value = value * 10 + digit();
    good_ = good_ && value <= value_max;
    return value;
  }
  /// Reads a number of one or two digits from the time's text. A number larger than `value_max`
  /// makes the parsing of the time fail.
  int number(int value_max) {
    const bool has_two = rest_.size() > 1 && is_digit(rest_[1]);
    return digits(has_two ? 2 : 1, value_max);
  }

  std::chrono::year_month_day date(char separator) {
    const int year = digits(4, kAnyYear);
    skip(separator);
    const int month = digits(2, 12);
    skip(separator);
    return checked(year, month, digits(2, 31));
  }
  /// Reads a date whose month and day may have one digit, such as 2024-3-9.
  std::chrono::year_month_day short_date(char separator) {
    const int year = digits(4, kAnyYear);
    skip(separator);
    const int month = number(12);
    skip(separator);
    return checked(year, month, number(31));
  }
  std::chrono::year_month_day compact_date() {
    const int year = digits(4, kAnyYear);
    const int month = digits(2, 12);
    return checked(year, month, digits(2, 31));
  }

  /// Reads all digits after the decimal point of the seconds of a time, and keeps only
  /// milliseconds.
  milliseconds fraction() {
    int value = digit() * 100;
    for (int unit = 10; !rest_.empty() && is_digit(rest_.front()); unit /= 10) {
      value += digit() * unit;
    }
    return milliseconds(value);
  }

  /// Parses the time zone at the end of a time: Z, or an offset such as +08:00 or -05:00.
  /// \return the offset from UTC, in minutes.
  minutes offset() {
    if (skip_if('Z')) return minutes(0);
    const bool is_west = skip_if('-');
    if (!is_west) skip('+');
    minutes offset = hours(digits(2, 23));
    skip(':');
    offset += minutes(digits(2, 59));
    return is_west ? -offset : offset;
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
  std::chrono::year_month_day checked(int year, int month, int day) {
    const std::chrono::year_month_day date(std::chrono::year(year),
                                           std::chrono::month(static_cast<unsigned>(month)),
                                           std::chrono::day(static_cast<unsigned>(day)));
    good_ = good_ && date.ok();
    return date;
  }

  std::string_view rest_;
  bool good_ = true;
};

/// Parses a time of the form yyyyMMddHHmmss, which is Beijing time.
/// \return the time; nothing for any other form.
std::optional<Instant> parse_compact(std::string_view text) {
  Scanner scan(text);
  const auto day = scan.compact_date();
  const hours hour(scan.digits(2, 23));
  const minutes minute(scan.digits(2, 59));
  const seconds second(scan.digits(2, kLeapSecond));
  if (!scan.complete()) return {};
  return std::chrono::sys_days(day) + hour + minute + second - kBeijing;
}

/// The characters that may separate the date from the time of day.
enum class Separator : unsigned char {
  kLetter,  ///< only the letter "T" may separate the date from the time of day, as in RFC 3339
  /// "T" or a blank separates date and time; a time with a blank has no zone: it is Beijing time
  kLetterOrBlank,
};

std::optional<Instant> parse_with_separators(std::string_view text, Separator separator) {
  constexpr std::size_t kCompactLength = std::string_view("yyyyMMddHHmmss").size();
  if (text.size() == kCompactLength) return parse_compact(text);
  Scanner scan(text);
  const auto day = scan.date('-');
  const bool is_local = separator == Separator::kLetterOrBlank && scan.skip_if(' ');
  if (!is_local) scan.skip('T');
  const hours hour(scan.digits(2, 23));
  scan.skip(':');
  const minutes minute(scan.digits(2, 59));
  seconds second(0);
  milliseconds fraction(0);
  if (scan.skip_if(':')) {
    second = seconds(scan.digits(2, kLeapSecond));
    if (scan.skip_if('.')) fraction = scan.fraction();
  }
  const minutes offset = is_local ? kBeijing : scan.offset();
  if (!scan.complete()) return {};
  return std::chrono::sys_days(day) + hour + minute + second + fraction - offset;
}

std::optional<sys_seconds> without_fraction(const std::optional<Instant>& time) {
  if (!time) return {};
  return std::chrono::floor<seconds>(*time);
}

/// The date and the time of day as separate numbers, so that snprintf() can format them.
struct Fields {
  explicit Fields(Instant time)
      : midnight(std::chrono::floor<std::chrono::days>(time)),
        date(midnight),
        clock(time - midnight) {}

  std::chrono::sys_days midnight;
  std::chrono::year_month_day date;
  std::chrono::hh_mm_ss<milliseconds> clock;

  [[nodiscard]] std::string text() const {
    std::array<char, 64> buffer{};
    std::snprintf(buffer.data(), buffer.size(), "%04d-%02u-%02uT%02d:%02d:%02d",
                  static_cast<int>(date.year()), static_cast<unsigned>(date.month()),
                  static_cast<unsigned>(date.day()), static_cast<int>(clock.hours().count()),
                  static_cast<int>(clock.minutes().count()),
                  static_cast<int>(clock.seconds().count()));
    return buffer.data();
  }
};

}  // namespace

std::optional<Instant> parse_event_time(std::string_view text) {
  return parse_with_separators(text, Separator::kLetter);
}

std::optional<sys_seconds> parse_wechat_time(std::string_view text) {
  return without_fraction(parse_with_separators(text, Separator::kLetterOrBlank));
}

std::optional<sys_seconds> parse_file_time(std::string_view text) {
  constexpr std::size_t kSecondsAt = std::string_view("yyyy-MM-ddTHH:mm").size();
  constexpr std::size_t kTimeAt = std::string_view("yyyy-MM-dd").size();
  if (text.size() > kTimeAt && text[kTimeAt] == 'T') {
    const bool has_seconds = text.size() > kSecondsAt && text[kSecondsAt] == ':';
    return has_seconds ? parse_wechat_time(text) : std::nullopt;
  }
  if (const auto time = parse_compact(text)) return without_fraction(time);
  Scanner scan(text);
  const auto day = scan.short_date(text.size() > 4 && text[4] == '/' ? '/' : '-');
  scan.skip(' ');
  const hours hour(scan.number(23));
  scan.skip(':');
  const minutes minute(scan.digits(2, 59));
  scan.skip(':');
  const seconds second(scan.digits(2, kLeapSecond));
  if (scan.skip_if('.')) static_cast<void>(scan.fraction());
  if (!scan.complete()) return {};
  return std::chrono::sys_days(day) + hour + minute + second - kBeijing;
}

std::string format_event_time(Instant time) {
  const Fields fields(time);
  std::array<char, 16> fraction{};  // room for any int: GCC 14 warns otherwise
  std::snprintf(fraction.data(), fraction.size(), ".%03dZ",
                static_cast<int>(fields.clock.subseconds().count()));
  return fields.text() + fraction.data();
}

std::string format_unix_ms(std::int64_t unix_ms) {
  return format_event_time(Instant(milliseconds(unix_ms)));
}

std::string format_wechat_time(sys_seconds time) {
  return Fields(time + kBeijing).text() + "+08:00";
}

}  // namespace couponhook::base
