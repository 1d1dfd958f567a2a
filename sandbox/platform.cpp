#include "sandbox/platform.hpp"

namespace couponhook::server::sandbox {
namespace {

Fate draw_fate(Platform& platform, const std::string& event_type) {
  const Faults& faults = platform.faults;
  SeededRandom& chance = platform.chance;
  Fate fate;
  const bool may_be_lost = faults.lose_event.empty() || faults.lose_event == event_type;
  fate.lost = may_be_lost && chance.happens(faults.lose_percent);
  fate.probe = chance.happens(faults.probe_percent);
  if (chance.happens(faults.duplicate_percent)) fate.copies = 2;
  if (faults.shuffle.count() != 0) {
    const auto most = static_cast<double>(ScheduleTime(faults.shuffle).count());
    fate.delay = ScheduleTime(static_cast<std::int64_t>(chance.draw() * most));
  }
  return fate;
}

}  // namespace

std::string notify(Platform& platform, const std::string& mchid, Product product, Draft draft,
                   std::string url, Moment now) {
  const auto account = platform.accounts.find(mchid);
  if (url.empty() && account != platform.accounts.end()) {
    const Callback& callback = account->second.callbacks[product];
    if (callback.on) url = callback.url;
  }
  std::string id = draft.id;
  OutboxEntry entry;
  entry.fate = draw_fate(platform, draft.event_type);
  entry.draft = std::move(draft);
  entry.mchid = mchid;
  // Leave the URL of the notification empty if the merchant is unknown; a notification without a
  // URL is never sent. The sandbox has no APIv3 key of this merchant to encrypt the notification.
  if (account != platform.accounts.end()) entry.url = std::move(url);
  platform.outbox.add(std::move(entry), now.schedule);
  platform.on_news();
  return id;
}

}  // namespace couponhook::server::sandbox
