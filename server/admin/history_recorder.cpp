#include "server/admin/history_recorder.hpp"

#include <algorithm>
#include <utility>

#include "server/verdict/verdict.hpp"

namespace couponhook::server {
namespace {

constexpr std::int64_t kMinuteMs = storage::kMinuteS * 1000;

std::array<std::string, kAckClasses> make_ack_series() {
  std::array<std::string, kAckClasses> names;
  for (std::size_t i = 0; i < names.size(); ++i) {
    names[i] = series::kAckTimePrefix;
    names[i] += i < kReplyTimeBounds.size() ? std::to_string(kReplyTimeBounds[i]) : "more";
  }
  return names;
}

}  // namespace

const std::string& ack_series(std::size_t place) {
  static const std::array<std::string, kAckClasses> names = make_ack_series();
  return names.at(place);
}

HistoryRecorder::HistoryRecorder(const ReplyCounters& counters, base::WallClock clock)
    : counters_(counters), clock_(std::move(clock)), since_ms_(now_ms()) {}

bool HistoryRecorder::is_due() const {
  const std::int64_t now = now_ms();
  const std::lock_guard lock(mutex_);
  return now / kMinuteMs != tried_ms_ / kMinuteMs;
}

HistoryRecorder::Values HistoryRecorder::counted() const {
  Values values{};
  std::ranges::copy(counters_.acknowledged().counts, values.begin());
  for (const VerdictRow& entry : verdict_table()) {
    if (entry.status == kSuccessStatus) continue;
    const bool probe = entry.verdict == Verdict::kProbe;
    values[kAckClasses + (probe ? 1 : 0)] += counters_.of(entry.verdict);
  }
  return values;
}

/// The mutex must be held.
std::vector<storage::HistoryCount> HistoryRecorder::since_written(const Values& values) const {
  std::vector<storage::HistoryCount> counts;
  for (std::size_t i = 0; i < values.size(); ++i) {
    const auto delta = static_cast<std::int64_t>(values[i] - written_[i]);
    if (delta == 0) continue;
    if (i < kAckClasses) {
      counts.push_back({ack_series(i), delta});
    } else {
      counts.push_back({std::string(i == kAckClasses ? series::kRefused : series::kProbes), delta});
    }
  }
  return counts;
}

UnwrittenHistory HistoryRecorder::unwritten() const {
  const Values values = counted();
  const std::lock_guard lock(mutex_);
  return {writes_, since_ms_, since_written(values)};
}

storage::Connection::Result<void> HistoryRecorder::write(storage::Connection& connection) {
  const Values values = counted();
  const std::int64_t now = now_ms();
  std::vector<storage::HistoryCount> counts;
  std::int64_t counted_at_ms = now;
  {
    const std::lock_guard lock(mutex_);
    tried_ms_ = now;
    counts = since_written(values);
    // After failed writes, the counts of more than one minute go into the last whole minute.
    counted_at_ms = std::clamp(since_ms_, now - 2 * kMinuteMs, now);
  }
  bool is_settled = false;
  auto written = storage::write_history(connection, counts, counted_at_ms, now, is_settled);
  if (is_settled) {
    const std::lock_guard lock(mutex_);
    written_ = values;
    since_ms_ = now;
    ++writes_;
  }
  return written;
}

}  // namespace couponhook::server
