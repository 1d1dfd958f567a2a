#pragma once

/// \file
/// The reply to GET /events for one client: a stream of server-sent events.

#include <array>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <optional>
#include <set>
#include <string>
#include <utility>

#include "server/admin/event_feed.hpp"
#include "server/net/http_message.hpp"

namespace couponhook::server {

/// Sends the events that one client does not have yet: first those that the store already has
/// behind the client's position, then those of the feed. Used on the thread of the admin listener.
class EventStream final : public ReplyStream {
 public:
  /// Time after which a comment is sent if there was no event, so that proxies keep the connection
  /// open.
  static constexpr std::chrono::seconds kKeepAlive{10};

  /// Makes the stream of a new client. Call begin() before next().
  /// \param feed must outlive the stream.
  explicit EventStream(EventFeed& feed) : feed_(feed), client_(feed) {}

  /// Begins the stream.
  /// \param from position of the client; nothing for a client that wants only events from now on.
  /// \return the reason if the store cannot be read.
  [[nodiscard]] std::optional<storage::Failure> begin(const std::optional<EventPosition>& from);

  /// Returns the beginning of the stream; to a new client, with the event "hello", whose id is the
  /// client's position.
  [[nodiscard]] std::string take_greeting() { return std::exchange(greeting_, {}); }

  [[nodiscard]] Task<std::optional<std::string>> next() override;

 private:
  /// Rows of a table that the store has and the client lacks.
  struct Part {
    storage::ArrivalTable table;
    std::int64_t after;  ///< the part has the rows with numbers above this one
    std::int64_t last;   ///< and up to this one
    bool advances;       ///< false for numbers that were missing at the client's position
  };

  void catch_up_from(EventPosition from);
  void add_parts(storage::ArrivalTable table, TablePosition& from);
  [[nodiscard]] std::string take();
  [[nodiscard]] std::string take_stored();
  [[nodiscard]] std::string take_live();
  [[nodiscard]] TablePosition& position_in(storage::ArrivalTable table) {
    return table == storage::ArrivalTable::kQuarantine ? at_.quarantine : at_.notifications;
  }
  [[nodiscard]] std::set<std::int64_t>& skipped_in(storage::ArrivalTable table) {
    return skipped_[table == storage::ArrivalTable::kQuarantine ? 1 : 0];
  }

  EventFeed& feed_;
  EventFeed::Client client_;
  std::string greeting_;
  SteadyClock::time_point sent_at_ = SteadyClock::now();
  // While the client catches up: what is left to read, the position after what was sent, and the
  // numbers that the feed had not seen when catching up began, whose events come from the feed.
  std::deque<Part> parts_;
  EventPosition at_;
  std::array<std::set<std::int64_t>, 2> skipped_;
  // The next event of the feed, and the position after the last event that was sent.
  std::uint64_t next_event_ = 0;
  std::string last_id_;
};

}  // namespace couponhook::server
