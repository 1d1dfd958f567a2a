#include "server/delivery/classified_result.hpp"

#include <utility>
#include <variant>

namespace couponhook::server {

ClassifiedResult classify_call(Called&& call, const RetryLimits& retries, std::int64_t now_ms,
                               std::mt19937_64& random) {
  ClassifiedResult result{std::move(call)};
  const auto explain = [&result](std::string& reason, const std::string& detail) {
    result.last_error = detail.empty() ? reason : reason + ": " + detail;
    result.reason = std::move(reason);
  };
  if (auto* dead = std::get_if<handlers::Dead>(&result.call.outcome)) {
    result.result = storage::DeliveryResult::kDead;
    explain(dead->reason, dead->detail);
  } else if (auto* retry = std::get_if<handlers::Retry>(&result.call.outcome)) {
    explain(retry->reason, retry->detail);
    const int attempts = static_cast<int>(result.call.delivery.attempt);
    const auto wait = next_wait(retries, attempts, retry->after, random);
    result.result = wait ? storage::DeliveryResult::kRetry : storage::DeliveryResult::kDead;
    if (wait) result.due_at_ms = now_ms + wait->count();
  }
  return result;
}

}  // namespace couponhook::server
