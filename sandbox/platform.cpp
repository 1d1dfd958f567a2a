#include "sandbox/platform.hpp"

namespace couponhook::server::sandbox {
namespace {

InjectedFaults draw_faults(Platform& platform, const std::string& event_type) {
  const Faults& faults = platform.faults;
  SeededRandom& chance = platform.chance;
  InjectedFaults injected;
  const bool may_be_lost = faults.lose_event.empty() || faults.lose_event == event_type;
  injected.lost = may_be_lost && chance.happens(faults.lose_percent);
  injected.probe = chance.happens(faults.probe_percent);
  if (chance.happens(faults.duplicate_percent)) injected.copies = 2;
  if (faults.shuffle.count() != 0) {
    const auto most = static_cast<double>(ScheduleTime(faults.shuffle).count());
    injected.delay = ScheduleTime(static_cast<std::int64_t>(chance.draw() * most));
  }
  return injected;
}

}  // namespace

std::string notify(Platform& platform, const std::string& mchid, Product product, Draft draft,
                   std::string url, SandboxTime now) {
  const auto account = platform.accounts.find(mchid);
  if (url.empty() && account != platform.accounts.end()) {
    const Callback& callback = account->second.callbacks[product];
    if (callback.on) url = callback.url;
  }
  std::string id = draft.id;
  OutboxEntry entry;
  entry.injected = draw_faults(platform, draft.event_type);
  entry.draft = std::move(draft);
  entry.mchid = mchid;
  // Leave the URL of the notification empty if the merchant is unknown; a notification without a
  // URL is never sent. The sandbox has no APIv3 key of this merchant to encrypt the notification.
  if (account != platform.accounts.end()) entry.url = std::move(url);
  platform.outbox.add(std::move(entry), now.schedule);
  platform.on_queued();
  return id;
}

}  // namespace couponhook::server::sandbox
