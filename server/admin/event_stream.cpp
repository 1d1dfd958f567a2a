#include "server/admin/event_stream.hpp"

#include <algorithm>
#include <utility>

#include <boost/asio/this_coro.hpp>

namespace couponhook::server {
namespace {

using storage::ArrivalTable;

/// Size in bytes at which one piece of the stream ends.
constexpr std::size_t kPieceBytes = 65536;
/// Number of stored rows that one piece of the stream holds.
constexpr std::int64_t kStoredPage = 100;
/// The first line tells a browser's EventSource how soon to connect again, in milliseconds.
constexpr std::string_view kRetry = "retry: 500\n\n";

}  // namespace

std::optional<storage::Failure> EventStream::begin(const std::optional<EventPosition>& from) {
  if (auto failure = feed_.refresh_now()) return failure;
  greeting_ = kRetry;
  if (from) {
    catch_up_from(*from);
    return std::nullopt;
  }
  next_event_ = feed_.end();
  last_id_ = to_text(feed_.position());
  greeting_ +=
      server_sent_event(last_id_, "hello", "{\"event\":\"hello\",\"id\":\"" + last_id_ + "\"}");
  return std::nullopt;
}

Task<std::optional<std::string>> EventStream::next() {
  if (!greeting_.empty()) co_return take_greeting();
  if (feed_.draining()) co_return std::nullopt;
  std::string text = take();
  if (text.empty()) {
    Timer timer(co_await asio::this_coro::executor, EventFeed::kPollInterval);
    co_await timer.async_wait(use_task);
    if (feed_.draining()) co_return std::nullopt;
    text = take();
  }
  const auto now = SteadyClock::now();
  if (text.empty() && now - sent_at_ >= kKeepAlive) text = ": no event\n\n";
  if (!text.empty()) sent_at_ = now;
  co_return text;
}

/// Plans what to read from the store, so that the client then has all events that the feed has had
/// so far, and continues with the next event of the feed.
void EventStream::catch_up_from(EventPosition from) {
  last_id_ = to_text(from);
  parts_.clear();
  add_parts(ArrivalTable::kNotifications, from.notifications);
  add_parts(ArrivalTable::kQuarantine, from.quarantine);
  next_event_ = feed_.end();
  at_ = std::move(from);
}

void EventStream::add_parts(ArrivalTable table, TablePosition& from) {
  const ArrivalWindow& window = feed_.window(table);
  from.high = std::min(from.high, window.high());
  skipped_in(table) = window.missing();
  for (const NumberRange& range : from.missing) {
    parts_.push_back({table, range.first - 1, std::min(range.last, window.high()), false});
  }
  parts_.push_back({table, from.high, window.high(), true});
}

std::string EventStream::take() {
  feed_.refresh();
  // A client that reads slowly may need an event that the feed has forgotten.
  if (parts_.empty() && next_event_ < feed_.first()) {
    catch_up_from(parse_event_position(last_id_).value_or(feed_.position()));
  }
  std::string text = parts_.empty() ? std::string() : take_stored();
  if (parts_.empty() && text.size() < kPieceBytes) text += take_live();
  return text;
}

std::string EventStream::take_stored() {
  std::string text;
  while (!parts_.empty() && text.size() < kPieceBytes) {
    Part& part = parts_.front();
    auto rows = feed_.reader().rows(part.table, part.after, part.last, kStoredPage);
    if (!rows) return text;
    const std::set<std::int64_t>& skipped = skipped_in(part.table);
    for (const storage::NotificationRecord& record : *rows) {
      part.after = record.sequence;
      if (skipped.contains(record.sequence)) continue;
      if (part.advances) position_in(part.table) = position_at(record.sequence, skipped);
      last_id_ = to_text(at_);
      const EventNews news = part.table == ArrivalTable::kQuarantine ? EventNews::kQuarantined
                                                                     : EventNews::kNotification;
      text +=
          server_sent_event(last_id_, to_string(news), event_json(news, record, coupon_of(record)));
    }
    if (std::ssize(*rows) == kStoredPage) continue;
    if (part.advances) position_in(part.table) = position_at(part.last, skipped);
    parts_.pop_front();
  }
  return text;
}

std::string EventStream::take_live() {
  std::string text;
  while (next_event_ >= feed_.first() && next_event_ < feed_.end() && text.size() < kPieceBytes) {
    text += feed_.event(next_event_);
    last_id_ = feed_.id_of(next_event_);
    ++next_event_;
  }
  return text;
}

}  // namespace couponhook::server
