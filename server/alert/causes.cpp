#include "server/alert/causes.hpp"

#include <algorithm>
#include <chrono>

namespace couponhook::server {
namespace {

using std::chrono::milliseconds;

/// WeChat Pay's documentation says that the next platform certificate can be downloaded this long
/// before the end. If less time is left, the download has failed; `doctor` uses the same time.
constexpr std::chrono::days kFetchedNotice{10};

template <typename Duration>
std::int64_t to_ms(Duration duration) {
  return std::chrono::duration_cast<milliseconds>(duration).count();
}

class Finder {
 public:
  Finder(const AlertFacts& facts, const AlertConfig& thresholds)
      : facts_(facts), thresholds_(thresholds) {}

  FoundCauses find() {
    find_in_store();
    find_not_ready();
    find_unknown_keys();
    find_ends();
    for (const auto& [unit, error] : facts_.refused_units) {
      Cause& cause = add(CauseKind::kReloadRefused, unit);
      cause.details.push_back(error);
    }
    return std::move(found_);
  }

 private:
  Cause& add(CauseKind kind, std::string subject = {}) {
    Cause& cause = found_.causes.emplace_back();
    cause.kind = kind;
    cause.subject = std::move(subject);
    return cause;
  }
  void know(CauseKind kind, CauseKnowledge knowledge) {
    found_.knowledge[static_cast<std::size_t>(kind)] = knowledge;
  }

  void find_in_store() {
    if (facts_.store != AlertFacts::StoreView::kKnown) {
      const auto knowledge = facts_.store == AlertFacts::StoreView::kNotOurs
                                 ? CauseKnowledge::kNotOurs
                                 : CauseKnowledge::kPartial;
      for (const CauseKind kind : {CauseKind::kDeadDeliveries, CauseKind::kBacklog,
                                   CauseKind::kQuarantine, CauseKind::kPause}) {
        know(kind, knowledge);
      }
      return;
    }
    if (!facts_.dead_is_complete) know(CauseKind::kDeadDeliveries, CauseKnowledge::kPartial);
    for (const auto& [handler, dead] : facts_.dead) {
      Cause& cause = add(CauseKind::kDeadDeliveries, handler);
      cause.count = dead.count;
      cause.count_is_least = dead.is_least;
    }
    if (is_older(facts_.oldest_open_ms, thresholds_.backlog)) {
      Cause& cause = add(CauseKind::kBacklog);
      cause.count = facts_.open;
      cause.time_ms = facts_.oldest_open_ms;
    }
    if (facts_.sealed > 0) add(CauseKind::kQuarantine).count = facts_.sealed;
    for (const AlertFacts::Pause& pause : facts_.pauses) {
      if (!is_older(pause.begun_ms, thresholds_.pause)) continue;
      Cause& cause = add(CauseKind::kPause, std::to_string(pause.id));
      cause.time_ms = pause.begun_ms;
      cause.label = pause.handler;
      if (!pause.events.empty()) cause.details.push_back(pause.events);
    }
  }

  void find_not_ready() {
    if (!facts_.reasons_against) return know(CauseKind::kNotReady, CauseKnowledge::kPartial);
    if (facts_.reasons_against->empty()) return;
    add(CauseKind::kNotReady).details = *facts_.reasons_against;
  }

  void find_unknown_keys() {
    for (const AlertFacts::UnknownKeys& keys : facts_.unknown_keys) {
      Cause& cause = add(CauseKind::kUnknownSerials, keys.mchid);
      cause.count = keys.requests;
      cause.details = keys.serials;
    }
  }

  void find_ends() {
    const std::chrono::days days = thresholds_.certificate;
    for (const AlertFacts::KeyEnd& key : facts_.keys) {
      const auto notice = key.is_fetched ? std::min(days, kFetchedNotice) : days;
      if (ends_within(key.ends_ms, notice))
        add(CauseKind::kKeysEnd, key.mchid).time_ms = key.ends_ms;
    }
    for (const AlertFacts::CertificateEnd& each : facts_.certificates) {
      if (!ends_within(each.ends_ms, days)) continue;
      add(CauseKind::kCertificateEnds, each.what).time_ms = each.ends_ms;
    }
  }

  [[nodiscard]] bool is_older(std::optional<std::int64_t> time_ms, std::chrono::seconds age) const {
    return age.count() != 0 && time_ms && facts_.now.unix_ms - *time_ms >= to_ms(age);
  }
  [[nodiscard]] bool ends_within(std::int64_t end_ms, std::chrono::days notice) const {
    return notice.count() != 0 && end_ms - facts_.now.unix_ms < to_ms(notice);
  }

  const AlertFacts& facts_;
  const AlertConfig& thresholds_;
  FoundCauses found_;
};

}  // namespace

std::string_view to_string(CauseKind kind) {
  constexpr std::array<std::string_view, kCauseKinds> kNames = {
      "not_ready",       "quarantine", "unknown_serials", "keys_end", "certificate_ends",
      "dead_deliveries", "backlog",    "reload_refused",  "pause"};
  return kNames[static_cast<std::size_t>(kind)];
}

FoundCauses find_causes(const AlertFacts& facts, const AlertConfig& thresholds) {
  return Finder(facts, thresholds).find();
}

}  // namespace couponhook::server
