#pragma once

/// \file
/// Formats times as WeChat Pay writes them, in Beijing time.

#include <array>
#include <chrono>
#include <cstdio>
#include <string>

namespace couponhook::server {

/// Returns the time in RFC 3339 format in Beijing time, with a precision of one second:
/// "2024-03-05T07:58:43+08:00".
[[nodiscard]] inline std::string beijing_time(std::chrono::system_clock::time_point time) {
  using namespace std::chrono;
  const auto local = floor<seconds>(time + hours(8));
  const auto midnight = floor<days>(local);
  const year_month_day date(midnight);
  const hh_mm_ss clock(local - midnight);
  std::array<char, 64> text{};
  std::snprintf(text.data(), text.size(), "%04d-%02u-%02uT%02d:%02d:%02d+08:00",
                static_cast<int>(date.year()), static_cast<unsigned>(date.month()),
                static_cast<unsigned>(date.day()), static_cast<int>(clock.hours().count()),
                static_cast<int>(clock.minutes().count()),
                static_cast<int>(clock.seconds().count()));
  return text.data();
}

}  // namespace couponhook::server
