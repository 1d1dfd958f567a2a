#include "server/admin/event_admin.hpp"

#include <utility>

#include "server/admin/admin_reply.hpp"

namespace couponhook::server {
namespace {

constexpr std::chrono::seconds kRetryAfter{2};

Reply overloaded(std::string_view message) {
  Reply reply = error(503, "OVERLOADED", message);
  reply.retry_after = kRetryAfter;
  return reply;
}

/// Returns the client's position as text: from the header that browsers send when they connect
/// again, or from the address.
std::string_view position_text(const AdminCall& call) {
  const std::string_view header = call.request.headers.find("Last-Event-ID");
  return header.empty() ? call.target.parameter("after").value_or("") : header;
}

Reply event_reply() {
  Reply reply;
  reply.status = 200;
  reply.content_type = "text/event-stream";
  reply.headers.emplace_back("Cache-Control", "no-store");
  return reply;
}

}  // namespace

void EventAdmin::add_routes(AdminRoutes& routes) {
  add_get(routes, "/events", [this](const AdminCall& call) { return events(call); });
}

Task<Reply> EventAdmin::events(const AdminCall& call) {
  std::optional<EventPosition> from;
  if (const auto text = position_text(call); !text.empty()) {
    from = parse_event_position(text);
    if (!from) {
      co_return error(400, "PARAM_ERROR",
                      "Last-Event-ID or \"after\" is not the id of an event; leave it out to begin "
                      "with the next event");
    }
  }
  std::optional<std::int64_t> wait;
  if (!read_parameter(call.target, "wait", parse_number, wait) || wait.value_or(0) < 0 ||
      wait.value_or(0) > kWaitMax) {
    co_return error(400, "PARAM_ERROR", "\"wait\" must be a number of seconds from 0 to 30");
  }
  if (feed_.draining()) co_return overloaded("this replica is shutting down; connect again");
  if (feed_.is_full()) {
    co_return overloaded("16 clients read events already; end one of them, or try again");
  }
  auto stream = std::make_shared<EventStream>(feed_);
  if (const auto failure = stream->begin(from)) co_return store_failed(*failure);
  Reply reply = event_reply();
  if (wait) {
    reply.body = co_await collect(*stream, std::chrono::seconds(*wait));
  } else {
    reply.stream = std::move(stream);
  }
  co_return reply;
}

/// Waits for the first events of a stream.
/// \return the beginning of the stream up to these events; only its greeting if none came in time,
///   or if the greeting holds an event (the client's position).
Task<std::string> EventAdmin::collect(EventStream& stream, std::chrono::seconds wait) {
  const auto deadline = SteadyClock::now() + wait;
  std::string text = stream.take_greeting();
  if (text.find("data: ") != std::string::npos) co_return text;
  do {
    const auto piece = co_await stream.next();
    if (!piece) break;
    text += *piece;
    if (!piece->empty() && piece->front() != ':') break;
  } while (SteadyClock::now() < deadline);
  co_return text;
}

}  // namespace couponhook::server
