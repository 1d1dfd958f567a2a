#pragma once

/// \file
/// Queue of outgoing notifications: due times, replies and retries.

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

/// Time on the retry schedule, counted from the sandbox's start and scaled by --speed.
using ScheduleTime = std::chrono::milliseconds;

/// Injected faults of one notification.
struct Fate {
  bool lost = false;      ///< never sent
  bool probe = false;     ///< the first send is a probe with a wrong signature
  unsigned copies = 1;    ///< copies in each send, sent at the same time
  ScheduleTime delay{0};  ///< pause before the first send, so that later notifications overtake
                          ///< this one
};

enum class OutboxState : std::uint8_t {
  kPending,
  kDelivered,
  kGivenUp,       ///< every retry was made, and none was acknowledged
  kLost,          ///< never sent, because of an injected fault
  kUnregistered,  ///< no notification URL is set, or notifications are switched off
};
[[nodiscard]] std::string_view to_string(OutboxState state);

/// A notification, its sends and its result.
struct OutboxEntry {
  Draft draft;
  std::string mchid;
  std::string url;
  Fate fate;
  OutboxState state = OutboxState::kPending;
  unsigned sends = 0;                ///< copies that are sent together count as one send
  std::vector<unsigned> statuses{};  ///< reply status of every copy, in order of arrival; 0: no
                                     ///< reply
  unsigned in_flight = 0;            ///< copies that still wait for a reply
  bool acknowledged = false;         ///< true if a copy of the current send got 200 or 204
};

/// One copy of a notification, due to be sent.
struct Copy {
  std::size_t entry;
  Bad bad;
};

struct OutboxSummary {
  std::map<std::string, std::uint64_t> by_state;
  std::map<unsigned, std::uint64_t> delivered_by_sends;
  std::uint64_t copies = 0;
  std::uint64_t probes = 0;
  std::uint64_t probes_accepted = 0;  ///< replied with 200 or 204, by a receiver that does not
                                      ///< verify signatures
};

/// Queue of outgoing notifications with WeChat Pay's retry schedule. Does no I/O and reads no
/// clock. Not thread-safe.
class Outbox {
 public:
  /// \return the index of the entry, for entry().
  std::size_t add(OutboxEntry entry, ScheduleTime now);

  /// Takes a copy that is due. The caller must report the copy's reply to replied().
  [[nodiscard]] std::optional<Copy> take(ScheduleTime now);
  /// \return the time at which take() will return a copy, as far as is known now.
  [[nodiscard]] std::optional<ScheduleTime> next_due() const;

  /// \param status HTTP status of the reply; 0 if no reply came in time.
  void replied(const Copy& copy, unsigned status, ScheduleTime now);

  [[nodiscard]] const OutboxEntry& entry(std::size_t number) const { return entries_.at(number); }
  [[nodiscard]] const std::deque<OutboxEntry>& entries() const { return entries_; }
  [[nodiscard]] OutboxSummary summary() const;

 private:
  struct Due {
    ScheduleTime at;
    std::size_t entry;
    /// Order for std::priority_queue: the earliest time on top, then the entry that was added
    /// first.
    friend bool operator<(const Due& a, const Due& b) {
      return a.at != b.at ? a.at > b.at : a.entry > b.entry;
    }
  };

  void conclude(std::size_t number, OutboxEntry& entry, ScheduleTime now);

  std::deque<OutboxEntry> entries_;
  std::priority_queue<Due> due_;
  std::queue<Copy> ready_;  // copies of the current send that take() has not returned yet
  std::uint64_t copies_ = 0;
  std::uint64_t probes_ = 0;
  std::uint64_t probes_accepted_ = 0;
};

}  // namespace couponhook::server::sandbox
