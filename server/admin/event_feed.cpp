#include "server/admin/event_feed.hpp"

#include <algorithm>

#include "storage/delivery_states.hpp"

namespace couponhook::server {
namespace {

using storage::ArrivalTable;

/// Number of late rows that one refresh reads.
constexpr std::size_t kLateMax = 50;
/// Number of pages that are read at once for a new client.
constexpr int kPagesAtOnce = 10;
/// Number of the newest notifications whose open deliveries are followed when the feed starts.
constexpr std::int64_t kFollowedAtStart = 50;

bool is_open(const storage::DeliveryRecord& delivery) {
  return delivery.state == storage::state::kPending || delivery.state == storage::state::kRetrying;
}

bool has_open(const storage::NotificationRecord& record) {
  return std::ranges::any_of(record.deliveries, is_open);
}

/// Returns the state of a notification with these deliveries, as the store computes it.
std::string state_of(const storage::NotificationRecord& record) {
  if (has_open(record)) return "received";
  const auto is_dead = [](const auto& delivery) { return delivery.state == storage::state::kDead; };
  if (std::ranges::any_of(record.deliveries, is_dead)) return "dead";
  return record.state == "unreadable" ? "unreadable" : "done";
}

bool same_states(const std::vector<storage::DeliveryRecord>& a,
                 const std::vector<storage::DeliveryRecord>& b) {
  return std::ranges::equal(a, b, [](const auto& one, const auto& other) {
    return one.delivery_id == other.delivery_id && one.handler == other.handler &&
           one.state == other.state;
  });
}

}  // namespace

EventFeed::Client::~Client() {
  if (--feed_.clients_ == 0) feed_.running_ = false;
}

void EventFeed::refresh() {
  const auto now = SteadyClock::now();
  if (now < due_) return;
  due_ = now + kPollInterval;
  failure_.reset();
  const Read read = running_ ? read_all(now) : start(now);
  if (read) return;
  failure_ = read.error();
  due_ = now + kFailurePause;
}

std::optional<storage::Failure> EventFeed::refresh_now() {
  // More than one page may be new. The limit keeps a busy store from holding up the admin listener.
  for (int page = 0; page < kPagesAtOnce; ++page) {
    const bool pauses = failure_ && SteadyClock::now() < due_;
    if (pauses) return failure_;
    due_ = SteadyClock::time_point::min();
    refresh();
    if (failure_ || due_ > SteadyClock::now()) return failure_;
  }
  return std::nullopt;
}

/// Begins at the end of the store. The events of an earlier run are forgotten.
EventFeed::Read EventFeed::start(SteadyClock::time_point now) {
  first_ = end();
  events_.clear();
  followed_.clear();
  for (const ArrivalTable table : {ArrivalTable::kNotifications, ArrivalTable::kQuarantine}) {
    if (auto begun = begin_window(table, now); !begun) return begun;
  }
  const std::int64_t high = notifications_.high();
  auto recent =
      reader_.rows(ArrivalTable::kNotifications, high - kFollowedAtStart, high, kFollowedAtStart);
  if (!recent) return recent.error();
  for (storage::NotificationRecord& record : *recent) {
    auto coupon = coupon_of(record);
    follow({std::move(record), std::move(coupon)});
  }
  running_ = true;
  return {};
}

EventFeed::Read EventFeed::begin_window(ArrivalTable table, SteadyClock::time_point now) {
  const auto high = reader_.newest(table);
  if (!high) return high.error();
  const auto seen =
      reader_.numbers(table, *high - ArrivalWindow::kGapMax, *high, ArrivalWindow::kGapMax);
  if (!seen) return seen.error();
  window_of(table).begin(*high, *seen, reader_.may_be_out_of_order(), now);
  return {};
}

EventFeed::Read EventFeed::read_all(SteadyClock::time_point now) {
  for (const ArrivalTable table : {ArrivalTable::kNotifications, ArrivalTable::kQuarantine}) {
    if (auto read = read_late(table, now); !read) return read;
    if (auto read = read_new(table, now); !read) return read;
    window_of(table).expire(now);
  }
  return read_followed();
}

EventFeed::Read EventFeed::read_new(ArrivalTable table, SteadyClock::time_point now) {
  auto rows = reader_.rows(table, window_of(table).high(), storage::ArrivalReader::kLast, kPageMax);
  if (!rows) return rows.error();
  if (std::ssize(*rows) == kPageMax) due_ = now;  // There may be more.
  for (storage::NotificationRecord& record : *rows) add_arrival(table, std::move(record), now);
  return {};
}

/// Reads the rows that have become visible after rows with higher numbers.
EventFeed::Read EventFeed::read_late(ArrivalTable table, SteadyClock::time_point now) {
  const std::set<std::int64_t>& missing = window_of(table).missing();
  if (missing.empty()) return {};
  const auto present = reader_.numbers(table, *missing.begin() - 1, *missing.rbegin(),
                                       static_cast<std::int64_t>(ArrivalWindow::kMissingMax));
  if (!present) return present.error();
  std::vector<std::int64_t> late;
  for (const std::int64_t number : *present) {
    if (missing.contains(number)) late.push_back(number);
  }
  std::ranges::reverse(late);
  if (late.size() > kLateMax) {
    late.resize(kLateMax);
    due_ = now;
  }
  for (const std::int64_t number : late) {
    auto rows = reader_.rows(table, number - 1, number, 1);
    if (!rows) return rows.error();
    for (storage::NotificationRecord& record : *rows) add_arrival(table, std::move(record), now);
  }
  return {};
}

/// Looks at the deliveries of some followed notifications; of the others in the next refreshes.
EventFeed::Read EventFeed::read_followed() {
  const std::size_t count = std::min(kFollowedTogether, followed_.size());
  std::vector<std::int64_t> asked;
  for (std::size_t i = 0; i < count; ++i) asked.push_back(followed_[i].record.sequence);
  auto lists = reader_.deliveries(asked);
  if (!lists) return lists.error();
  for (std::vector<storage::DeliveryRecord>& now : *lists) {
    Followed each = std::move(followed_.front());
    followed_.pop_front();
    const bool changed = !same_states(each.record.deliveries, now);
    each.record.deliveries = std::move(now);
    each.record.state = state_of(each.record);
    // A purge may have removed the notification with its deliveries.
    if (changed && !each.record.deliveries.empty()) {
      add(EventNews::kDelivery, each.record, each.coupon);
    }
    follow(std::move(each));
  }
  return {};
}

void EventFeed::add_arrival(ArrivalTable table, storage::NotificationRecord&& record,
                            SteadyClock::time_point now) {
  window_of(table).take(record.sequence, now);
  if (table == ArrivalTable::kQuarantine) {
    add(EventNews::kQuarantined, record, std::nullopt);
    return;
  }
  auto coupon = coupon_of(record);
  add(EventNews::kNotification, record, coupon);
  follow({std::move(record), std::move(coupon)});
}

void EventFeed::add(EventNews news, const storage::NotificationRecord& record,
                    const std::optional<storage::CouponKey>& coupon) {
  Event event{to_text(position()), {}};
  event.text = server_sent_event(event.id, to_string(news), event_json(news, record, coupon));
  events_.push_back(std::move(event));
  if (events_.size() <= kEventsMax) return;
  events_.pop_front();
  ++first_;
}

/// Watches the deliveries of a notification if one of them is open.
void EventFeed::follow(Followed&& followed) {
  if (!has_open(followed.record)) return;
  followed.record.resource.clear();
  followed.record.envelope.clear();
  followed_.push_back(std::move(followed));
  if (followed_.size() > kFollowedMax) followed_.pop_front();
}

}  // namespace couponhook::server
