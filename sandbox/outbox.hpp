#pragma once

/// \file
/// Notifications on their way: which copy is due, what came of it, and when to try again.

#include <chrono>
#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <queue>
#include <string>
#include <vector>

#include "sandbox/local/notification_maker.hpp"

namespace couponhook::server::sandbox {

/// Time on the retry schedule, since the sandbox began. It runs as fast as the user likes.
using ScheduleTime = std::chrono::milliseconds;

/// What is to happen to one notification besides being sent.
struct Fate {
  bool lost = false;      ///< never sent at all
  bool probe = false;     ///< the first send is a probe with a wrong signature
  unsigned copies = 1;    ///< of each send, over as many paths at once
  ScheduleTime delay{0};  ///< before the first send, so that others overtake it
};

enum class OutboxState : std::uint8_t {
  kPending,
  kDelivered,
  kGivenUp,       ///< the schedule is over, and nobody acknowledged it
  kLost,          ///< withheld on purpose
  kUnregistered,  ///< no notification URL, or switched off
};
[[nodiscard]] std::string_view to_string(OutboxState state);

/// One notification and what became of it.
struct OutboxEntry {
  Draft draft;
  std::string mchid;
  std::string url;
  Fate fate;
  OutboxState state = OutboxState::kPending;
  unsigned sends = 0;                ///< a burst of copies is one send
  std::vector<unsigned> statuses{};  ///< of every copy, as they came; 0: no reply
  unsigned in_flight = 0;            ///< copies whose reply is awaited
  bool acknowledged = false;         ///< by a copy of the present send
};

/// A copy that is due.
struct Copy {
  std::size_t entry;
  Bad bad;
};

struct OutboxSummary {
  std::map<std::string, std::uint64_t> by_state;
  std::map<unsigned, std::uint64_t> delivered_by_sends;
  std::uint64_t copies = 0;
  std::uint64_t probes = 0;
  std::uint64_t probes_accepted = 0;  ///< by a service that does not verify
};

/// No I/O and no clock. Not thread-safe.
class Outbox {
 public:
  /// \return the entry's number.
  std::size_t add(OutboxEntry entry, ScheduleTime now);

  /// Takes a copy that is due; its reply is awaited from now on.
  [[nodiscard]] std::optional<Copy> take(ScheduleTime now);
  /// \return when take() will have something, as far as is known now.
  [[nodiscard]] std::optional<ScheduleTime> next_due() const;

  /// \param status of the reply; 0 where there was none in time.
  void replied(const Copy& copy, unsigned status, ScheduleTime now);

  [[nodiscard]] const OutboxEntry& entry(std::size_t number) const { return entries_.at(number); }
  [[nodiscard]] const std::deque<OutboxEntry>& entries() const { return entries_; }
  [[nodiscard]] OutboxSummary summary() const;

 private:
  struct Due {
    ScheduleTime at;
    std::size_t entry;
    /// The earliest first, and among those the one that was added first.
    friend bool operator<(const Due& a, const Due& b) {
      return a.at != b.at ? a.at > b.at : a.entry > b.entry;
    }
  };

  void conclude(std::size_t number, OutboxEntry& entry, ScheduleTime now);

  std::deque<OutboxEntry> entries_;
  std::priority_queue<Due> due_;
  std::queue<Copy> ready_;  // the rest of a burst
  std::uint64_t copies_ = 0;
  std::uint64_t probes_ = 0;
  std::uint64_t probes_accepted_ = 0;
};

}  // namespace couponhook::server::sandbox
