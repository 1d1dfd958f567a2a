#include "server/net/listener_share.hpp"

#include <utility>

#include <boost/asio/post.hpp>

namespace couponhook::server {
namespace {

/// Longest normal time for which a connection waits for its client: a round trip, or a TLS
/// handshake under load. Idle and slow connections that have waited longer are the first to be
/// closed to make room for new connections.
constexpr std::chrono::milliseconds kTimeout{1000};
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

bool is_unsigned(Waiting waiting) {
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

bool ListenerShare::are_slots_scarce() const {
  return connections_ >= limits.max_connections - limits.max_connections / 4;
}

bool ListenerShare::has_waited(const ConnectionSlot& slot) const {
  return now_() - slot.since_ >= kTimeout;
}

std::size_t ListenerShare::scarce_share() const {
  return limits.max_connections_per_address / kScarceShare;
}

ConnectionSlot* ListenerShare::longest_waiting(const std::optional<base::IpAddress>& range) const {
  const Line& idle = waiting_[index(Waiting::kIdle)];
  const Line& slow = waiting_[index(Waiting::kSlow)];
  for (const Line* line : {&idle, &slow}) {
    if (!line->empty() && has_waited(*line->front())) return line->front();
  }
  const auto own = range ? by_address_.find(*range) : by_address_.end();
  if (own != by_address_.end() && own->second.unsigned_connections.size() > scarce_share())
    return own->second.unsigned_connections.front();
  for (const Line* line : {&idle, &slow, &waiting_[index(Waiting::kSigned)]}) {
    if (!line->empty()) return line->front();
  }
  return nullptr;
}

Admission ListenerShare::admit(const std::optional<base::IpAddress>& range, Evicted& evicted) {
  if (range && !has_room_at(*range, evicted)) return refusal();
  // The number of connections may be above the limit: a connection that was evicted (closed to make
  // room) is served, and so counted, once more if its request was already complete.
  while (connections_ >= limits.max_connections) {
    ConnectionSlot* const oldest = leaving_ < kLeavingMax ? longest_waiting(range) : nullptr;
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
  const AddressConnections& address = found->second;
  const bool is_full = address.count() >= limits.max_connections_per_address;
  if (!are_slots_scarce() || address.unsigned_connections.empty() || leaving_ >= kLeavingMax)
    return !is_full;
  ConnectionSlot& oldest = *address.unsigned_connections.front();
  const bool is_above_share =
      address.unsigned_connections.size() > scarce_share() && has_waited(oldest);
  if (is_full || is_above_share) evict(oldest, evicted);
  return true;
}

void ListenerShare::evict(ConnectionSlot& slot, Evicted& evicted) {
  // Appending to the list `evicted` may throw if there is no memory, so this is done before any
  // change of the counts.
  evicted.push_back(slot.weak_from_this());
  slot.lost_range_ = slot.range_;
  leave_address(slot);
  move(slot, Waiting::kHandled);
  slot.admission_ = Admission::kEvicted;
  --connections_;
  ++leaving_;
}

void ListenerShare::notify(const Evicted& evicted) const {
  if (evicted.empty()) return;
  for (const std::weak_ptr<ConnectionSlot>& weak : evicted) {
    const auto slot = weak.lock();
    if (!slot) continue;
    asio::post(slot->executor_, [weak] {
      if (const auto present = weak.lock()) present->end();
    });
  }
  if (on_evictions) on_evictions(evicted.size());
}

void ListenerShare::remove(ConnectionSlot& slot) {
  leave_address(slot);
  slot.place_.splice(slot.place_.end(), waiting_[index(slot.waiting_)], slot.node_);
  if (slot.admission_ == Admission::kServed) --connections_;
  if (slot.admission_ == Admission::kRefused) --refusals_;
  if (slot.admission_ == Admission::kEvicted) --leaving_;
}

void ListenerShare::move(ConnectionSlot& slot, Waiting waiting) {
  const Waiting before = std::exchange(slot.waiting_, waiting);
  Line& line = waiting_[index(waiting)];
  line.splice(line.end(), waiting_[index(before)], slot.node_);
  slot.since_ = now_();
  if (!slot.range_) return;
  AddressConnections& address = by_address_.find(*slot.range_)->second;
  Line& left = is_unsigned(before) ? address.unsigned_connections : address.others;
  Line& joined = is_unsigned(waiting) ? address.unsigned_connections : address.others;
  joined.splice(joined.end(), left, slot.node_at_address_);
}

void ListenerShare::enter_address(ConnectionSlot& slot, const base::IpAddress& range) {
  AddressConnections& address = by_address_[range];
  Line& line = is_unsigned(slot.waiting_) ? address.unsigned_connections : address.others;
  line.splice(line.end(), slot.place_at_address_);
  slot.range_ = range;
}

void ListenerShare::leave_address(ConnectionSlot& slot) {
  if (!slot.range_) return;
  const auto found = by_address_.find(*slot.range_);
  AddressConnections& address = found->second;
  Line& line = is_unsigned(slot.waiting_) ? address.unsigned_connections : address.others;
  slot.place_at_address_.splice(slot.place_at_address_.end(), line, slot.node_at_address_);
  if (address.count() == 0) by_address_.erase(found);
  slot.range_.reset();
}

std::shared_ptr<ConnectionSlot> ConnectionSlot::enter(
    ListenerShare& share, Executor executor, const std::optional<base::IpAddress>& client) {
  const std::shared_ptr<ConnectionSlot> slot(new ConnectionSlot(share, std::move(executor)));
  const auto range = range_of(client);
  ListenerShare::Evicted evicted;
  {
    const std::lock_guard lock(share.mutex_);
    slot->admission_ = share.admit(range, evicted);
    if (slot->admission_ == Admission::kServed) {
      share.move(*slot, Waiting::kSlow);
      if (range) share.enter_address(*slot, *range);
    }
  }
  share.notify(evicted);
  return slot;
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
  share_.notify(evicted);
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
