#include "wechatpay/wechat_time.hpp"

#include <array>
#include <cstdio>

namespace couponhook::wechatpay {
namespace {

using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::seconds;
using std::chrono::sys_seconds;

constexpr hours kBeijing{8};

/// Reads a text from left to right. After the first mismatch the whole scan counts as failed, so a
/// caller checks complete() only once, at the end.
class Scan {
 public:
  explicit Scan(std::string_view text) : rest_(text) {}

  int digits(int count, int value_max) {
    int value = 0;
    for (int i = 0; i < count; ++i) {
      const bool digit = !rest_.empty() && rest_.front() >= '0' && rest_.front() <= '9';
      good_ = good_ && digit;
      if (!good_) return 0;
      value = value * 10 + (rest_.front() - '0');
      rest_.remove_prefix(1);
    }
    good_ = good_ && value <= value_max;
    return value;
  }
  /// Reads a number of one or two digits.
  int number(int value_max) {
    const bool has_two = rest_.size() > 1 && rest_[1] >= '0' && rest_[1] <= '9';
    return digits(has_two ? 2 : 1, value_max);
  }
  bool skip_if(char mark) {
    if (rest_.empty() || rest_.front() != mark) return false;
    rest_.remove_prefix(1);
    return true;
  }
  void skip(char mark) { good_ = skip_if(mark) && good_; }
  void skip_fraction() {
    digits(1, 9);
    while (!rest_.empty() && rest_.front() >= '0' && rest_.front() <= '9') rest_.remove_prefix(1);
  }
  [[nodiscard]] bool complete() const { return good_ && rest_.empty(); }

 private:
  std::string_view rest_;
  bool good_ = true;
};

std::chrono::year_month_day date(int year, int month, int day) {
  return {std::chrono::year(year), std::chrono::month(static_cast<unsigned>(month)),
          std::chrono::day(static_cast<unsigned>(day))};
}

std::optional<sys_seconds> parse_compact(std::string_view text) {
  Scan scan(text);
  const int year = scan.digits(4, 9999);
  const int month = scan.digits(2, 12);
  const auto day = date(year, month, scan.digits(2, 31));
  const hours hour(scan.digits(2, 23));
  const minutes minute(scan.digits(2, 59));
  const seconds second(scan.digits(2, 60));
  if (!scan.complete() || !day.ok()) return {};
  return std::chrono::sys_days(day) + hour + minute + second - kBeijing;
}

}  // namespace

std::optional<sys_seconds> parse_wechat_time(std::string_view text) {
  constexpr std::size_t kCompactLength = 14;
  if (text.size() == kCompactLength) return parse_compact(text);

  Scan scan(text);
  const int year = scan.digits(4, 9999);
  scan.skip('-');
  const int month = scan.digits(2, 12);
  scan.skip('-');
  const auto day = date(year, month, scan.digits(2, 31));
  const bool local = scan.skip_if(' ');
  if (!local) scan.skip('T');
  const hours hour(scan.digits(2, 23));
  scan.skip(':');
  const minutes minute(scan.digits(2, 59));
  seconds second(0);
  if (scan.skip_if(':')) {
    second = seconds(scan.digits(2, 60));
    if (scan.skip_if('.')) scan.skip_fraction();
  }
  minutes offset = kBeijing;
  if (!local) {
    offset = minutes(0);
    if (!scan.skip_if('Z')) {
      const bool west = scan.skip_if('-');
      if (!west) scan.skip('+');
      offset = hours(scan.digits(2, 23));
      scan.skip(':');
      offset += minutes(scan.digits(2, 59));
      if (west) offset = -offset;
    }
  }
  if (!scan.complete() || !day.ok()) return {};
  return std::chrono::sys_days(day) + hour + minute + second - offset;
}

std::optional<sys_seconds> parse_file_time(std::string_view text) {
  constexpr std::size_t kWithSeconds = std::string_view("yyyy-MM-ddTHH:mm:ss").size();
  constexpr std::size_t kTimeAt = std::string_view("yyyy-MM-dd").size();
  if (text.size() > kTimeAt && text[kTimeAt] == 'T') {
    return text.size() > kWithSeconds ? parse_wechat_time(text) : std::nullopt;
  }
  if (auto time = parse_compact(text)) return time;
  Scan scan(text);
  const int year = scan.digits(4, 9999);
  const char mark = text.size() > 4 && text[4] == '/' ? '/' : '-';
  scan.skip(mark);
  const int month = scan.number(12);
  scan.skip(mark);
  const auto day = date(year, month, scan.number(31));
  scan.skip(' ');
  const hours hour(scan.number(23));
  scan.skip(':');
  const minutes minute(scan.digits(2, 59));
  scan.skip(':');
  const seconds second(scan.digits(2, 60));
  if (scan.skip_if('.')) scan.skip_fraction();
  if (!scan.complete() || !day.ok()) return {};
  return std::chrono::sys_days(day) + hour + minute + second - kBeijing;
}

std::string format_wechat_time(sys_seconds time) {
  const auto local = time + kBeijing;
  const auto midnight = std::chrono::floor<std::chrono::days>(local);
  const std::chrono::year_month_day day(midnight);
  const std::chrono::hh_mm_ss clock(local - midnight);
  std::array<char, 64> text{};
  const int length = std::snprintf(
      text.data(), text.size(), "%04d-%02u-%02uT%02d:%02d:%02d+08:00", static_cast<int>(day.year()),
      static_cast<unsigned>(day.month()), static_cast<unsigned>(day.day()),
      static_cast<int>(clock.hours().count()), static_cast<int>(clock.minutes().count()),
      static_cast<int>(clock.seconds().count()));
  return {text.data(), static_cast<std::size_t>(length)};
}

}  // namespace couponhook::wechatpay
