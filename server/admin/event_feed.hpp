#pragma once

/// \file
/// Finds new notifications, quarantined bodies and changes of delivery states in the store, for all
/// clients of the event stream together.

#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <vector>

#include "server/admin/arrival_window.hpp"
#include "server/admin/event_json.hpp"
#include "server/admin/event_position.hpp"
#include "storage/arrival_reader.hpp"

namespace couponhook::server {

/// The latest events of the store, the same for all replicas that share it. The store is read at
/// most every kPollInterval, however many clients there are, and only while there are clients:
/// clients call refresh() and then take the events that are new to them.
///
/// - Each stored notification and each quarantined body is one event, with the deliveries that it
///   had when it was read.
/// - The newest kFollowedMax notifications with open deliveries are followed: when a delivery's
///   state changes, that is another event. No index of the store finds such changes, so changes of
///   older notifications, and those made while there was no client, are not events.
///
/// Used on the thread of the admin listener, except for begin_drain(), which is thread-safe.
class EventFeed {
 public:
  static constexpr std::chrono::milliseconds kPollInterval{250};
  /// Pause after the store could not be read. A read may block the thread of the admin listener
  /// until the time limit of the store's reader.
  static constexpr std::chrono::milliseconds kFailurePause{5000};
  /// Largest number of clients at a time.
  static constexpr std::size_t kClientsMax = 16;
  static constexpr std::size_t kEventsMax = 1000;   ///< number of events that are remembered
  static constexpr std::int64_t kPageMax = 200;     ///< rows that one refresh reads from a table
  static constexpr std::size_t kFollowedMax = 300;  ///< notifications whose deliveries are watched
  /// Number of followed notifications that one refresh reads.
  static constexpr std::size_t kFollowedTogether = 50;

  /// \param connection must outlive this object.
  explicit EventFeed(storage::Connection& connection) : reader_(connection) {}

  /// Counts one client from construction to destruction; the feed works only while it has clients.
  class Client {
   public:
    explicit Client(EventFeed& feed) : feed_(feed) { ++feed_.clients_; }
    ~Client();
    Client(const Client&) = delete;
    Client& operator=(const Client&) = delete;

   private:
    EventFeed& feed_;
  };
  [[nodiscard]] bool is_full() const { return clients_ >= kClientsMax; }

  /// Reads what is new in the store, unless it was read within kPollInterval.
  void refresh();
  /// Reads what is new in the store now, so that a client that comes now gets no events for rows
  /// that are already in the store. Does not read during the pause after a failure. \return the
  /// reason if the store could not be read.
  [[nodiscard]] std::optional<storage::Failure> refresh_now();

  /// Each event has a number; the remembered events are those from first() up to, but not
  /// including, end().
  [[nodiscard]] std::uint64_t first() const { return first_; }
  [[nodiscard]] std::uint64_t end() const { return first_ + events_.size(); }
  /// Returns an event as it is sent, with its id.
  [[nodiscard]] const std::string& event(std::uint64_t number) const {
    return events_[number - first_].text;
  }
  /// Returns the position of a client that has this event and all before it.
  [[nodiscard]] const std::string& id_of(std::uint64_t number) const {
    return events_[number - first_].id;
  }
  /// Returns the position of a client that has all events.
  [[nodiscard]] EventPosition position() const {
    return {notifications_.position(), quarantine_.position()};
  }
  [[nodiscard]] const ArrivalWindow& window(storage::ArrivalTable table) const {
    return table == storage::ArrivalTable::kQuarantine ? quarantine_ : notifications_;
  }
  [[nodiscard]] storage::ArrivalReader& reader() { return reader_; }

  /// Ends all streams soon, and refuses new ones. Thread-safe.
  void begin_drain() { draining_ = true; }
  [[nodiscard]] bool draining() const { return draining_; }

 private:
  using Read = storage::ArrivalReader::Result<void>;
  struct Event {
    std::string id;
    std::string text;
  };
  struct Followed {
    storage::NotificationRecord record;
    std::optional<storage::CouponKey> coupon;
  };

  [[nodiscard]] Read start(SteadyClock::time_point now);
  [[nodiscard]] Read begin_window(storage::ArrivalTable table, SteadyClock::time_point now);
  [[nodiscard]] Read read_all(SteadyClock::time_point now);
  [[nodiscard]] Read read_new(storage::ArrivalTable table, SteadyClock::time_point now);
  [[nodiscard]] Read read_late(storage::ArrivalTable table, SteadyClock::time_point now);
  [[nodiscard]] Read read_followed();
  [[nodiscard]] ArrivalWindow& window_of(storage::ArrivalTable table) {
    return table == storage::ArrivalTable::kQuarantine ? quarantine_ : notifications_;
  }
  void add_arrival(storage::ArrivalTable table, storage::NotificationRecord&& record,
                   SteadyClock::time_point now);
  void add(EventNews news, const storage::NotificationRecord& record,
           const std::optional<storage::CouponKey>& coupon);
  void follow(Followed&& followed);

  storage::ArrivalReader reader_;
  std::atomic<bool> draining_ = false;
  std::size_t clients_ = 0;
  bool running_ = false;
  SteadyClock::time_point due_ = SteadyClock::time_point::min();
  std::optional<storage::Failure> failure_;  // why the last read failed
  ArrivalWindow notifications_;
  ArrivalWindow quarantine_;
  std::deque<Followed> followed_;
  std::uint64_t first_ = 0;
  std::deque<Event> events_;
};

}  // namespace couponhook::server
