#pragma once

/// \file
/// Remembers which causes one receiver of alerts was told of, and decides what it must be told.

#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "server/alert/causes.hpp"

namespace couponhook::server {

/// One thing to tell a receiver.
struct AlertItem {
  enum class State : std::uint8_t { kBegun, kOver };

  Cause cause;
  State state = State::kBegun;
  /// Time at which the cause was first seen, in milliseconds since the Unix epoch.
  std::int64_t since_ms = 0;
  /// Time at which the cause was last there; only if it is over.
  std::int64_t over_ms = 0;
  /// Number of times that the receiver was told of this cause before; 0: it is new.
  int reminders = 0;
};

/// The causes of which one receiver was told. Each cause is told once when it begins, again after
/// `remind` while it lasts, and once when it is over. What could not be sent stays due, and what
/// ended before it could be sent is never told.
///
/// A cause that comes and goes would cause two messages each time. It therefore counts as over only
/// when it was away for `over_after`; this time doubles with each return within an hour.
///
/// The state is in memory: after a restart, the causes that exist are told once again. Not
/// thread-safe; the caller passes the time.
class ToldCauses {
 public:
  struct Terms {
    std::chrono::seconds remind{86400};  ///< 0: never
    std::chrono::seconds over_after{60};
  };

  /// Takes the causes of a new snapshot.
  void update(const FoundCauses& found, AlertTime now);
  /// Returns what must be told now: what began, then what goes on, then what is over.
  [[nodiscard]] std::vector<AlertItem> due(AlertTime now, const Terms& terms) const;
  /// Notes that the receiver got these items, which due() returned.
  void mark_told(std::span<const AlertItem> items, AlertTime now);

 private:
  using Steady = std::chrono::steady_clock::time_point;
  using Key = std::pair<CauseKind, std::string>;
  struct Entry {
    Cause cause;
    bool is_there = false;  ///< true if the last snapshot had the cause
    bool is_told = false;   ///< true if the receiver knows of the cause
    Steady first_seen;      ///< beginning of the time for which the cause is there
    Steady last_seen;
    std::int64_t since_ms = 0;
    std::int64_t last_seen_ms = 0;
    Steady told_at;
    int reminders = 0;
    int returns = 0;  ///< number of times that the cause came back soon after it was over
    std::optional<Steady> over_told_at{};
  };

  static void begin(Entry& entry, AlertTime now);
  void note_absent(const FoundCauses& found, AlertTime now);
  [[nodiscard]] static bool is_over(const Entry& entry, AlertTime now, const Terms& terms);

  std::map<Key, Entry> entries_;
};

}  // namespace couponhook::server
