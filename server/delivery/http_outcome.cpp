#include "server/delivery/http_outcome.hpp"

#include <algorithm>
#include <charconv>
#include <ctime>
#include <string>

#include "base/excerpt.hpp"

namespace couponhook::server {

using std::chrono::seconds;
using std::chrono::system_clock;

namespace {

constexpr unsigned kRequestTimeout = 408;
constexpr unsigned kGone = 410;
constexpr unsigned kTooManyRequests = 429;
/// Upper limit of the wait that a Retry-After header may ask for: longer than any retry_max_ms, and
/// short enough that later sums cannot overflow.
constexpr seconds kWaitMax{30 * 86400};
constexpr std::size_t kDetailBytesMax = 300;

}  // namespace

std::optional<seconds> parse_retry_after(std::string_view text, system_clock::time_point now) {
  std::int64_t number = 0;
  const auto [end, ec] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (ec == std::errc() && end == text.data() + text.size()) {
    return seconds(std::clamp<std::int64_t>(number, 0, kWaitMax.count()));
  }
  std::tm parts{};
  const std::string date(text);
  const char* const rest = ::strptime(date.c_str(), "%a, %d %b %Y %H:%M:%S GMT", &parts);
  if (rest == nullptr || *rest != '\0') return std::nullopt;
  // The date in a Retry-After header is converted in seconds, because dates after the year 2262
  // overflow the clock's nanoseconds.
  const std::chrono::sys_seconds until(seconds(::timegm(&parts)));
  return std::clamp(until - std::chrono::floor<seconds>(now), seconds(0), kWaitMax);
}

HttpOutcome outcome_of(unsigned status, std::string_view retry_after, std::string_view body,
                       system_clock::time_point now) {
  if (status >= 200 && status < 300) return {handlers::Done{}, true};
  std::string reason = "HTTP " + std::to_string(status);
  std::string detail = base::excerpt(body, kDetailBytesMax);
  if (status == kGone) {
    reason += ": the target refuses this delivery permanently";
    return {handlers::Dead{std::move(reason), std::move(detail)}, true};
  }
  if (status >= 300 && status < 400) {
    reason += ": redirects are not followed; put the final address into the handler's url";
  }
  const bool answers =
      status >= 300 && status < 500 && status != kRequestTimeout && status != kTooManyRequests;
  const auto after = parse_retry_after(retry_after, now);
  return {handlers::Retry{std::move(reason), after, std::move(detail)}, answers};
}

}  // namespace couponhook::server
