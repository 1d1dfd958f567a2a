#include "server/alert/told_causes.hpp"

#include <algorithm>

namespace couponhook::server {
namespace {

using std::chrono::seconds;

/// Time for which a cause must be there before it is told, for kinds that often end by themselves:
/// a slow commit, or a key whose download has just begun.
constexpr seconds kSettle{10};
/// Time after the end of a cause. If the cause comes back within this time, the next wait is
/// longer.
constexpr seconds kUnrest{3600};
constexpr seconds kOverAfterMax{3600};
constexpr int kDoublingsMax = 6;

seconds settle_time(CauseKind kind) {
  const bool heals = kind == CauseKind::kNotReady || kind == CauseKind::kUnknownSerials;
  return heals ? kSettle : seconds(0);
}

}  // namespace

void ToldCauses::begin(Entry& entry, AlertTime now) {
  const bool is_soon = entry.over_told_at && now.steady - *entry.over_told_at < kUnrest;
  entry.returns = is_soon ? entry.returns + 1 : 0;
  entry.first_seen = now.steady;
  entry.since_ms = now.unix_ms;
  entry.reminders = 0;
}

void ToldCauses::update(const FoundCauses& found, AlertTime now) {
  note_absent(found, now);
  for (const Cause& cause : found.causes) {
    Entry& entry = entries_[{cause.kind, cause.subject}];
    // A cause that came back before the receiver was told of its end goes on. If its end was due
    // but could not be sent, the receiver still believes that the cause is there, too.
    if (!entry.is_there && !entry.is_told) begin(entry, now);
    entry.cause = cause;
    entry.is_there = true;
    entry.last_seen = now.steady;
    entry.last_seen_ms = now.unix_ms;
  }
}

/// Updates the causes that the snapshot does not have.
void ToldCauses::note_absent(const FoundCauses& found, AlertTime now) {
  for (auto each = entries_.begin(); each != entries_.end();) {
    Entry& entry = each->second;
    const CauseKnowledge knowledge = found.about(each->first.first);
    const bool is_found = std::ranges::any_of(found.causes, [&](const Cause& cause) {
      return cause.kind == each->first.first && cause.subject == each->first.second;
    });
    const bool is_gone = knowledge == CauseKnowledge::kComplete && !is_found;
    if (is_gone) entry.is_there = false;
    const bool is_calm = !entry.over_told_at || now.steady - *entry.over_told_at >= kUnrest;
    const bool is_useless = !is_found && !entry.is_there && !entry.is_told && is_calm;
    if (is_useless || knowledge == CauseKnowledge::kNotOurs) {
      each = entries_.erase(each);
    } else {
      ++each;
    }
  }
}

bool ToldCauses::is_over(const Entry& entry, AlertTime now, const Terms& terms) {
  const seconds away = terms.over_after * (1 << std::min(entry.returns, kDoublingsMax));
  const seconds most = std::max(terms.over_after, kOverAfterMax);
  return entry.is_told && !entry.is_there && now.steady - entry.last_seen >= std::min(away, most);
}

std::vector<AlertItem> ToldCauses::due(AlertTime now, const Terms& terms) const {
  std::vector<AlertItem> begun;
  std::vector<AlertItem> reminders;
  std::vector<AlertItem> over;
  for (const auto& [key, entry] : entries_) {
    AlertItem item{entry.cause, AlertItem::State::kBegun, entry.since_ms, 0, entry.reminders};
    if (is_over(entry, now, terms)) {
      item.state = AlertItem::State::kOver;
      item.over_ms = entry.last_seen_ms;
      over.push_back(std::move(item));
    } else if (entry.is_there && !entry.is_told) {
      if (now.steady - entry.first_seen >= settle_time(key.first)) begun.push_back(std::move(item));
    } else if (entry.is_there && terms.remind.count() != 0 &&
               now.steady - entry.told_at >= terms.remind) {
      reminders.push_back(std::move(item));
    }
  }
  begun.insert(begun.end(), reminders.begin(), reminders.end());
  begun.insert(begun.end(), over.begin(), over.end());
  return begun;
}

void ToldCauses::mark_told(std::span<const AlertItem> items, AlertTime now) {
  for (const AlertItem& item : items) {
    const auto found = entries_.find({item.cause.kind, item.cause.subject});
    if (found == entries_.end()) continue;
    Entry& entry = found->second;
    if (item.state == AlertItem::State::kBegun) {
      entry.is_told = true;
      entry.told_at = now.steady;
      ++entry.reminders;
      continue;
    }
    entry.is_told = false;
    entry.over_told_at = now.steady;
    // The cause came back while the message about its end was on its way.
    if (entry.is_there) begin(entry, now);
  }
}

}  // namespace couponhook::server
