#include "server/net/listener_share.hpp"

#include <utility>

#include <boost/asio/post.hpp>

namespace couponhook::server {
namespace {

/// Longest normal time for which a connection waits for its client: a round trip, or a TLS
/// handshake under load. Idle and slow connections that have waited longer are the first to be
/// closed to make room for new connections.
constexpr std::chrono::milliseconds kPatience{1000};
/// Divisor of max_connections_per_address, used when three quarters of all connections are taken. A
/// client address may then have max_connections_per_address / kScarceShare waiting connections
/// without a valid signature. If the address has more, its oldest connections are closed to make
/// room for its own new connections.
constexpr std::size_t kScarceShare = 8;

base::IpAddress range_of(const base::IpAddress& client) {
  constexpr unsigned kNetworkBits = 64;
  return client.is_v4() ? client : client.prefix(kNetworkBits);
}

std::optional<base::IpAddress> range_of(const std::optional<base::IpAddress>& client) {
  return client ? std::optional(range_of(*client)) : std::nullopt;
}

bool is_stranger(Waiting waiting) {
  return waiting == Waiting::kIdle || waiting == Waiting::kSlow;
}

std::size_t index(Waiting waiting) {
  return static_cast<std::size_t>(waiting);
}

}  // namespace

bool ListenerShare::reserve_body(std::size_t bytes) {
  if (body_bytes_.fetch_add(bytes) + bytes <= limits.max_body_bytes_in_flight) return true;
  body_bytes_ -= bytes;
  return false;
}

bool ListenerShare::are_places_scarce() const {
  return connections_ >= limits.max_connections - limits.max_connections / 4;
}

bool ListenerShare::has_waited(const ConnectionSlot& presence) const {
  return now_() - presence.since_ >= kPatience;
}

ConnectionSlot* ListenerShare::longest_waiting() const {
  const Line& idle = waiting_[index(Waiting::kIdle)];
  const Line& slow = waiting_[index(Waiting::kSlow)];
  for (const Line* line : {&idle, &slow}) {
    if (!line->empty() && has_waited(*line->front())) return line->front();
  }
  for (const Line* line : {&idle, &slow, &waiting_[index(Waiting::kSigned)]}) {
    if (!line->empty()) return line->front();
  }
  return nullptr;
}

Admission ListenerShare::admit(const std::optional<base::IpAddress>& range, Evicted& evicted) {
  if (range && !has_room_at(*range, evicted)) return refusal();
  // The number of connections may be above the limit: an evicted connection counts again if its
  // request was already complete.
  while (connections_ >= limits.max_connections) {
    ConnectionSlot* const oldest = leaving_ < kLeavingMax ? longest_waiting() : nullptr;
    if (oldest == nullptr) return refusal();
    evict(*oldest, evicted);
  }
  ++connections_;
  return Admission::kServed;
}

Admission ListenerShare::refusal() {
  if (refusals_ >= limits.max_refusals) return Admission::kDropped;
  ++refusals_;
  return Admission::kRefused;
}

/// Checks the limit of one client address, and evicts (closes) one of the address's own connections
/// if needed.
/// \return false if a new connection of that address must be refused.
bool ListenerShare::has_room_at(const base::IpAddress& range, Evicted& evicted) {
  const auto found = by_address_.find(range);
  if (found == by_address_.end()) return true;
  const AtAddress& address = found->second;
  const bool is_full = address.count() >= limits.max_connections_per_address;
  if (!are_places_scarce() || address.strangers.empty() || leaving_ >= kLeavingMax) return !is_full;
  ConnectionSlot& oldest = *address.strangers.front();
  const std::size_t share = limits.max_connections_per_address / kScarceShare;
  const bool is_above_share = address.strangers.size() > share && has_waited(oldest);
  if (is_full || is_above_share) evict(oldest, evicted);
  return true;
}

void ListenerShare::evict(ConnectionSlot& presence, Evicted& evicted) {
  // Appending to the list `evicted` may throw if there is no memory, so this is done before any
  // change of the counts.
  evicted.push_back(presence.weak_from_this());
  presence.lost_range_ = presence.range_;
  leave_address(presence);
  move(presence, Waiting::kHandled);
  presence.admission_ = Admission::kEvicted;
  --connections_;
  ++leaving_;
}

void ListenerShare::tell(const Evicted& evicted) const {
  if (evicted.empty()) return;
  for (const std::weak_ptr<ConnectionSlot>& weak : evicted) {
    const auto presence = weak.lock();
    if (!presence) continue;
    asio::post(presence->executor_, [weak] {
      if (const auto present = weak.lock()) present->end();
    });
  }
  if (on_evictions) on_evictions(evicted.size());
}

void ListenerShare::remove(ConnectionSlot& presence) {
  leave_address(presence);
  presence.place_.splice(presence.place_.end(), waiting_[index(presence.waiting_)], presence.node_);
  if (presence.admission_ == Admission::kServed) --connections_;
  if (presence.admission_ == Admission::kRefused) --refusals_;
  if (presence.admission_ == Admission::kEvicted) --leaving_;
}

void ListenerShare::move(ConnectionSlot& presence, Waiting waiting) {
  const Waiting before = std::exchange(presence.waiting_, waiting);
  Line& line = waiting_[index(waiting)];
  line.splice(line.end(), waiting_[index(before)], presence.node_);
  presence.since_ = now_();
  if (!presence.range_) return;
  AtAddress& address = by_address_.find(*presence.range_)->second;
  Line& left = is_stranger(before) ? address.strangers : address.others;
  Line& joined = is_stranger(waiting) ? address.strangers : address.others;
  joined.splice(joined.end(), left, presence.node_at_address_);
}

void ListenerShare::enter_address(ConnectionSlot& presence, const base::IpAddress& range) {
  AtAddress& address = by_address_[range];
  Line& line = is_stranger(presence.waiting_) ? address.strangers : address.others;
  line.splice(line.end(), presence.place_at_address_);
  presence.range_ = range;
}

void ListenerShare::leave_address(ConnectionSlot& presence) {
  if (!presence.range_) return;
  const auto found = by_address_.find(*presence.range_);
  AtAddress& address = found->second;
  Line& line = is_stranger(presence.waiting_) ? address.strangers : address.others;
  presence.place_at_address_.splice(presence.place_at_address_.end(), line,
                                    presence.node_at_address_);
  if (address.count() == 0) by_address_.erase(found);
  presence.range_.reset();
}

std::shared_ptr<ConnectionSlot> ConnectionSlot::enter(
    ListenerShare& share, Executor executor, const std::optional<base::IpAddress>& client) {
  const std::shared_ptr<ConnectionSlot> presence(new ConnectionSlot(share, std::move(executor)));
  const auto range = range_of(client);
  ListenerShare::Evicted evicted;
  {
    const std::lock_guard lock(share.mutex_);
    presence->admission_ = share.admit(range, evicted);
    if (presence->admission_ == Admission::kServed) {
      share.move(*presence, Waiting::kSlow);
      if (range) share.enter_address(*presence, *range);
    }
  }
  share.tell(evicted);
  return presence;
}

ConnectionSlot::ConnectionSlot(ListenerShare& share, Executor executor)
    : share_(share), executor_(std::move(executor)) {
  const std::lock_guard lock(share_.mutex_);
  auto& line = share_.waiting_[index(waiting_)];
  line.splice(line.end(), place_);
  ++share_.sessions_;
}

ConnectionSlot::~ConnectionSlot() {
  {
    const std::lock_guard lock(share_.mutex_);
    share_.remove(*this);
  }
  --share_.sessions_;
}

Admission ConnectionSlot::admission() const {
  const std::lock_guard lock(share_.mutex_);
  return admission_;
}

bool ConnectionSlot::count_for(const base::IpAddress& client) {
  const base::IpAddress range = range_of(client);
  ListenerShare::Evicted evicted;
  bool has_room = true;
  {
    const std::lock_guard lock(share_.mutex_);
    if (range_ == range || admission_ != Admission::kServed) return true;
    share_.leave_address(*this);
    has_room = share_.has_room_at(range, evicted);
    if (has_room) {
      share_.enter_address(*this, range);
    } else {
      share_.move(*this, Waiting::kHandled);
      --share_.connections_;
      admission_ = share_.refusal();
    }
  }
  share_.tell(evicted);
  return has_room;
}

void ConnectionSlot::wait(Waiting waiting) {
  const std::lock_guard lock(share_.mutex_);
  const Waiting now = signed_ ? Waiting::kSigned : waiting;
  // The waiting time of a connection starts anew only when its state changes, so a client cannot
  // keep a connection by sending a byte now and then.
  if (admission_ == Admission::kServed && now != waiting_) share_.move(*this, now);
}

void ConnectionSlot::handle() {
  const std::lock_guard lock(share_.mutex_);
  if (admission_ == Admission::kEvicted) {
    admission_ = Admission::kServed;
    --share_.leaving_;
    ++share_.connections_;
    if (lost_range_) share_.enter_address(*this, *std::exchange(lost_range_, std::nullopt));
  }
  if (admission_ == Admission::kServed) share_.move(*this, Waiting::kHandled);
}

void ConnectionSlot::end() {
  // If a request became complete after the eviction, it is answered, and the connection stays open.
  if (admission() == Admission::kEvicted && end_) end_();
}

}  // namespace couponhook::server
