#include "server/log/line_limit.hpp"

#include <algorithm>
#include <utility>

namespace couponhook::server {
namespace {

constexpr std::chrono::seconds kBetweenSweeps{1};

}  // namespace

std::optional<std::uint64_t> LineLimit::admit(std::string_view cause, int burst, TimePoint now) {
  auto found = causes_.find(std::string(cause));
  if (found == causes_.end()) {
    if (causes_.size() >= kCausesMax) forget_one();
    found = causes_.emplace(cause, Cause{static_cast<double>(burst), now, now, 0}).first;
  }
  Cause& entry = found->second;
  const std::chrono::duration<double> passed = now - std::exchange(entry.counted_at, now);
  entry.lines_left = std::min(entry.lines_left + passed.count(), static_cast<double>(burst));
  if (entry.lines_left < 1) {
    ++entry.suppressed;
    return std::nullopt;
  }
  entry.lines_left -= 1;
  entry.logged_at = now;
  return std::exchange(entry.suppressed, 0);
}

void LineLimit::take_back(std::string_view cause, std::uint64_t count) {
  const auto found = causes_.find(std::string(cause));
  if (found == causes_.end()) return;
  found->second.lines_left += 1;
  found->second.suppressed += count;
}

std::vector<LineLimit::Suppressed> LineLimit::take_overdue(TimePoint now) {
  if (now - looked_at_ < kBetweenSweeps) return {};
  looked_at_ = now;
  std::vector<Suppressed> quiet = std::exchange(forgotten_, {});
  for (auto& [cause, entry] : causes_) {
    if (entry.suppressed == 0 || now - entry.logged_at < kQuiet) continue;
    quiet.push_back({cause, std::exchange(entry.suppressed, 0)});
    entry.logged_at = now;
  }
  return quiet;
}

std::vector<LineLimit::Suppressed> LineLimit::take_all() {
  std::vector<Suppressed> all = std::exchange(forgotten_, {});
  for (auto& [cause, entry] : causes_) {
    if (entry.suppressed > 0) all.push_back({cause, std::exchange(entry.suppressed, 0)});
  }
  return all;
}

void LineLimit::forget_one() {
  const auto oldest =
      std::ranges::min_element(causes_, {}, [](const auto& each) { return each.second.logged_at; });
  if (oldest->second.suppressed > 0) {
    forgotten_.push_back({oldest->first, oldest->second.suppressed});
  }
  causes_.erase(oldest);
}

}  // namespace couponhook::server
