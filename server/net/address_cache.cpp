#include "server/net/address_cache.hpp"

#include <algorithm>
#include <utility>

namespace couponhook::server {

const AddressAnswer* AddressCache::find(const std::string& host, TimePoint now) {
  const auto entry = entries_.find(host);
  if (entry == entries_.end()) return nullptr;
  if (entry->second.until > now) return &entry->second.answer;
  entries_.erase(entry);
  return nullptr;
}

void AddressCache::keep(const std::string& host, AddressAnswer answer, std::chrono::seconds ttl,
                        TimePoint now) {
  const auto kept = answer ? std::clamp(ttl, kAddressesKeptMin, kAddressesKeptMax) : kAbsenceKept;
  if (!entries_.contains(host)) make_room(now);
  entries_.insert_or_assign(host, Entry{std::move(answer), now + kept});
}

void AddressCache::make_room(TimePoint now) {
  if (entries_.size() < kEntriesMax) return;
  std::erase_if(entries_, [now](const auto& entry) { return entry.second.until <= now; });
  if (entries_.size() < kEntriesMax) return;
  entries_.erase(
      std::ranges::min_element(entries_, {}, [](const auto& entry) { return entry.second.until; }));
}

}  // namespace couponhook::server
