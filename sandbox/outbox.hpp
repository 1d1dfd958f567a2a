#pragma once

/// \file
/// Queue of the notifications that the sandbox (a simulated WeChat Pay) sends: the time of each
/// send, the receiver's replies and the retries.

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

/// Time on the clock of WeChat Pay's retry schedule, counted from the start of the sandbox. The
/// option --speed makes this clock run faster than real time.
using ScheduleTime = std::chrono::milliseconds;

/// Faults that the sandbox (a simulated WeChat Pay) injects when it sends one notification.
struct InjectedFaults {
  bool lost = false;  ///< true: the notification is never sent (an injected fault)
  /// True: the first send is a probe: a copy with a wrong signature, which a receiver must refuse.
  bool probe = false;
  unsigned copies = 1;  ///< number of copies of the notification to send at the same time
  /// Wait before the notification is first sent, so that later notifications arrive before it.
  ScheduleTime delay{0};
};

enum class OutboxState : std::uint8_t {
  kPending,
  kDelivered,
  /// The notification was sent as often as the schedule allows, but the receiver never acknowledged
  /// it.
  kGivenUp,
  kLost,  ///< the notification was never sent, because of an injected fault
  /// The notification was never sent: the merchant has set no notification URL, or has switched
  /// notifications off.
  kUnregistered,
};
[[nodiscard]] std::string_view to_string(OutboxState state);

/// A notification in the queue of the sandbox, with the number of times it was sent and its result.
struct OutboxEntry {
  Draft draft;
  std::string mchid;
  std::string url;
  InjectedFaults injected;
  OutboxState state = OutboxState::kPending;
  /// Number of times that the notification was sent. Copies that are sent at the same time count
  /// once.
  unsigned sends = 0;
  /// HTTP status of the reply to each sent copy, in the order in which the replies arrived. 0: no
  /// reply came.
  std::vector<unsigned> statuses{};
  /// Number of sent copies of the notification whose reply has not come yet.
  unsigned in_flight = 0;
  /// True if the receiver replied with 200 or 204 when the notification was last sent.
  bool acknowledged = false;
};

/// One copy of a notification that is to be sent now.
struct Copy {
  std::size_t entry;
  Bad bad;
};

struct OutboxSummary {
  std::map<std::string, std::uint64_t> by_state;
  std::map<unsigned, std::uint64_t> delivered_by_sends;
  std::uint64_t copies = 0;
  std::uint64_t probes = 0;
  /// Number of probes (copies with a wrong signature) to which the receiver replied with 200 or
  /// 204. Such a receiver does not verify signatures.
  std::uint64_t probes_accepted = 0;
};

/// Queue of the notifications that the sandbox (a simulated WeChat Pay) sends, with WeChat Pay's
/// retry schedule. This class does no I/O and reads no clock. Not thread-safe.
class Outbox {
 public:
  /// Adds a notification to the queue.
  /// \return the index of the added notification, for entry().
  std::size_t add(OutboxEntry entry, ScheduleTime now);

  /// Returns the next copy of a notification whose send time has come; nothing if there is none.
  /// The caller sends the copy and must report the receiver's reply with replied().
  [[nodiscard]] std::optional<Copy> take(ScheduleTime now);
  /// Returns the time from which take() will return a copy; nothing if no notification waits to be
  /// sent.
  [[nodiscard]] std::optional<ScheduleTime> next_due() const;

  /// Records the receiver's reply to a copy that take() has returned.
  /// \param status HTTP status of the reply; 0 if no reply came in time.
  void replied(const Copy& copy, unsigned status, ScheduleTime now);

  [[nodiscard]] const OutboxEntry& entry(std::size_t number) const { return entries_.at(number); }
  [[nodiscard]] const std::deque<OutboxEntry>& entries() const { return entries_; }
  [[nodiscard]] OutboxSummary summary() const;

 private:
  struct Due {
    ScheduleTime at;
    std::size_t entry;
    /// Order of notifications in the std::priority_queue: the notification with the earliest send
    /// time is on top; if two send times are equal, the notification that was added first.
    friend bool operator<(const Due& a, const Due& b) {
      return a.at != b.at ? a.at > b.at : a.entry > b.entry;
    }
  };

  void conclude(std::size_t number, OutboxEntry& entry, ScheduleTime now);

  std::deque<OutboxEntry> entries_;
  std::priority_queue<Due> due_;
  // Copies of notifications whose send time has come and that take() has not returned yet.
  std::queue<Copy> ready_;
  std::uint64_t copies_ = 0;
  std::uint64_t probes_ = 0;
  std::uint64_t probes_accepted_ = 0;
};

}  // namespace couponhook::server::sandbox
