#pragma once

/// \file
/// GET /events: the stream of notifications and of what became of them.

#include <memory>

#include "server/admin/admin_routes.hpp"
#include "server/admin/event_feed.hpp"
#include "server/admin/event_stream.hpp"

namespace couponhook::server {

/// Answers GET /events, on the thread of the admin listener.
///
/// The reply is an endless stream of server-sent events. It begins after the position in the header
/// Last-Event-ID or in the parameter "after"; without one, now, with the event "hello". With the
/// parameter "wait", the reply ends after the first events, or after that number of seconds.
class EventAdmin {
 public:
  /// Largest value of the parameter "wait", in seconds.
  static constexpr std::int64_t kWaitMax = 30;

  /// \param connection for reading the store; must outlive this object.
  explicit EventAdmin(storage::Connection& connection) : feed_(connection) {}

  void add_routes(AdminRoutes& routes);
  /// Ends all streams soon, and refuses new ones. Thread-safe.
  void begin_drain() { feed_.begin_drain(); }

 private:
  [[nodiscard]] Task<Reply> events(const AdminCall& call);
  [[nodiscard]] static Task<std::string> collect(EventStream& stream, std::chrono::seconds wait);

  EventFeed feed_;
};

}  // namespace couponhook::server
