#include "sandbox/outbox.hpp"

#include "sandbox/schedule.hpp"

namespace couponhook::server::sandbox {
namespace {

bool is_success(unsigned status) {
  return status == 200 || status == 204;
}

}  // namespace

std::string_view to_string(OutboxState state) {
  switch (state) {
    case OutboxState::kPending:
      return "pending";
    case OutboxState::kDelivered:
      return "delivered";
    case OutboxState::kGivenUp:
      return "given_up";
    case OutboxState::kLost:
      return "lost";
    case OutboxState::kUnregistered:
      return "unregistered";
  }
  return "";
}

std::size_t Outbox::add(OutboxEntry entry, ScheduleTime now) {
  const std::size_t number = entries_.size();
  if (entry.url.empty()) {
    entry.state = OutboxState::kUnregistered;
  } else if (entry.injected.lost) {
    entry.state = OutboxState::kLost;
  } else {
    due_.push({now + entry.injected.delay, number});
  }
  entries_.push_back(std::move(entry));
  return number;
}

std::optional<Copy> Outbox::take(ScheduleTime now) {
  if (ready_.empty()) {
    if (due_.empty() || due_.top().at > now) return std::nullopt;
    const std::size_t number = due_.top().entry;
    due_.pop();
    OutboxEntry& entry = entries_[number];
    const bool is_probe = entry.injected.probe && entry.sends == 0;
    const unsigned copies = is_probe ? 1 : entry.injected.copies;
    ++entry.sends;
    entry.in_flight = copies;
    entry.acknowledged = false;
    for (unsigned i = 0; i < copies; ++i) {
      ready_.push({number, is_probe ? Bad::kProbe : Bad::kNone});
    }
  }
  const Copy copy = ready_.front();
  ready_.pop();
  return copy;
}

std::optional<ScheduleTime> Outbox::next_due() const {
  if (!ready_.empty()) return ScheduleTime(0);
  if (due_.empty()) return std::nullopt;
  return due_.top().at;
}

void Outbox::replied(const Copy& copy, unsigned status, ScheduleTime now) {
  OutboxEntry& entry = entries_.at(copy.entry);
  entry.statuses.push_back(status);
  ++copies_;
  if (copy.bad == Bad::kProbe) {
    // Do not count a reply of 200 or 204 to a probe as acknowledgement. A probe is a copy with a
    // wrong signature that a receiver must refuse, and the sandbox sends the notification again.
    ++probes_;
    if (is_success(status)) ++probes_accepted_;
  } else if (is_success(status)) {
    entry.acknowledged = true;
  }
  if (--entry.in_flight == 0) conclude(copy.entry, entry, now);
}

void Outbox::conclude(std::size_t number, OutboxEntry& entry, ScheduleTime now) {
  const auto pauses = schedule_of(entry.draft.event_type);
  if (entry.acknowledged) {
    entry.state = OutboxState::kDelivered;
  } else if (entry.sends > pauses.size()) {
    entry.state = OutboxState::kGivenUp;
  } else {
    due_.push({now + pauses[entry.sends - 1], number});
  }
}

OutboxSummary Outbox::summary() const {
  OutboxSummary summary;
  for (const auto state : {OutboxState::kPending, OutboxState::kDelivered, OutboxState::kGivenUp,
                           OutboxState::kLost, OutboxState::kUnregistered}) {
    summary.by_state[std::string(to_string(state))] = 0;
  }
  for (const OutboxEntry& entry : entries_) {
    ++summary.by_state[std::string(to_string(entry.state))];
    if (entry.state == OutboxState::kDelivered) ++summary.delivered_by_sends[entry.sends];
  }
  summary.copies = copies_;
  summary.probes = probes_;
  summary.probes_accepted = probes_accepted_;
  return summary;
}

}  // namespace couponhook::server::sandbox
