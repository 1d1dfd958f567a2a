#include "server/log/refusal_log.hpp"

namespace couponhook::server {
namespace {

/// Number of bytes of a URL path that are compared with other paths; longer paths are cut to this
/// length.
constexpr std::size_t kKeyBytesMax = 128;

}  // namespace

bool RefusalLog::is_due(LineHistory& history, std::uint64_t count, SteadyClock::time_point now,
                        std::uint64_t& suppressed) {
  const bool first = history.at == SteadyClock::time_point::min();
  if (!first && now - history.at < kSilence) {
    history.since += count;
    return false;
  }
  suppressed = history.since;
  history = {now, 0};
  return true;
}

RefusalLog::LineHistory& RefusalLog::remember(const RefusalLine& line,
                                              SteadyClock::time_point now) {
  std::string key(row(line.verdict).code);
  key.append(1, ' ').append(line.path.substr(0, kKeyBytesMax));
  if (const auto known = by_path_.find(key); known != by_path_.end()) return known->second;
  if (by_path_.size() >= kPathsMax) {
    // Forgets the URL paths whose last log line is more than a minute old: the next request for
    // such a path is logged at once in any case.
    std::erase_if(by_path_, [&](const auto& each) { return now - each.second.at >= kSilence; });
  }
  if (by_path_.size() >= kPathsMax) return others_;
  return by_path_[std::move(key)];
}

void RefusalLog::note(const RefusalLine& line, SteadyClock::time_point now,
                      const std::function<std::string()>& advise) {
  RefusalLine due = line;
  {
    const std::lock_guard lock(mutex_);
    if (!is_due(remember(line, now), 1, now, due.more)) return;
  }
  const std::string advice = advise ? advise() : std::string();
  due.advice = advice;
  log_.refusal(due);
}

void RefusalLog::note_evictions(std::size_t connections, SteadyClock::time_point now) {
  std::uint64_t before = 0;
  {
    const std::lock_guard lock(mutex_);
    if (!is_due(evictions_, connections, now, before)) return;
  }
  log_.message(
      Severity::kWarning, "connections_evicted",
      "listener.max_connections was reached: " + std::to_string(before + connections) +
          " connections that had waited longest were closed to make room for new ones; raise "
          "listener.max_connections, or limit unknown clients by a firewall");
}

}  // namespace couponhook::server
