#include "sandbox/schedule.hpp"

#include <array>

namespace couponhook::server::sandbox {
namespace {

using namespace std::chrono_literals;
using std::chrono::seconds;

constexpr std::array<seconds, 10> kOnceAMinute{60s, 60s, 60s, 60s, 60s, 60s, 60s, 60s, 60s, 60s};
constexpr std::size_t kRedemptionPauses = 8;
constexpr std::array<seconds, 14> kWithinADay{15s,   30s, 3min, 10min, 20min, 30min, 30min,
                                              30min, 1h,  3h,   3h,    3h,    6h,    6h};

}  // namespace

std::span<const seconds> schedule_of(std::string_view event_type) {
  if (event_type == "COUPON.USE") return std::span(kOnceAMinute).first(kRedemptionPauses);
  if (event_type == "COUPON.SEND") return kOnceAMinute;
  return kWithinADay;
}

}  // namespace couponhook::server::sandbox
