#include "server/delivery/out.hpp"

namespace couponhook::server {
namespace {

/// A failure is worth a word at once; what is elsewhere may still succeed.
Handled worse(Handled a, Handled b) {
  if (a == Handled::kFailed || b == Handled::kFailed) return Handled::kFailed;
  return a == Handled::kElsewhere ? a : b;
}

Handled result_of(CameBack how) {
  switch (how) {
    case CameBack::kDone:
      return Handled::kDone;
    case CameBack::kFailed:
      return Handled::kFailed;
    case CameBack::kTakenOver:
      break;
  }
  return Handled::kElsewhere;
}

}  // namespace

bool Out::add(const storage::ClaimedDelivery& delivery, Lane& lane) {
  const auto [entry, added] = out_.try_emplace(delivery.lease.delivery_id);
  entry->second = {delivery.lease, &lane, key_of(delivery)};
  return added;
}

std::vector<storage::Lease> Out::leases() const {
  std::vector<storage::Lease> leases;
  leases.reserve(out_.size());
  for (const auto& [id, entry] : out_) leases.push_back(entry.lease);
  return leases;
}

void Out::remove(std::int64_t delivery_id, CameBack how) {
  const auto entry = out_.find(delivery_id);
  if (entry == out_.end()) return;
  entry->second.lane->over();
  const auto wait = waits_.find(entry->second.key);
  out_.erase(entry);
  if (wait == waits_.end() || wait->second.open.erase(delivery_id) == 0) return;
  wait->second.result = worse(wait->second.result, result_of(how));
  if (!wait->second.open.empty()) return;
  for (const auto& listener : wait->second.listeners) listener->handled(wait->second.result);
  waits_.erase(wait);
}

bool Out::join(const Key& key, const std::shared_ptr<HandledListener>& listener) {
  const auto wait = waits_.find(key);
  if (wait == waits_.end()) return false;
  wait->second.listeners.push_back(listener);
  return true;
}

void Out::wait(const Key& key, const std::vector<std::int64_t>& delivery_ids, Handled so_far,
               std::shared_ptr<HandledListener> listener) {
  if (delivery_ids.empty()) return listener->handled(so_far);
  Wait& wait = waits_[key];
  wait.open.insert(delivery_ids.begin(), delivery_ids.end());
  wait.result = worse(wait.result, so_far);
  wait.listeners.push_back(std::move(listener));
}

std::int64_t Out::find(const Key& key, std::string_view handler) const {
  for (const auto& [id, entry] : out_) {
    if (entry.key == key && entry.lane->handler() == handler) return id;
  }
  return 0;
}

}  // namespace couponhook::server
