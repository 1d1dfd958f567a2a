#include "server/readiness.hpp"

#include <memory>
#include <utility>

#include <boost/asio/this_coro.hpp>

#include "server/commit_wait.hpp"

namespace couponhook::server {
namespace {

/// How long an answer holds, so that being asked often costs no commits. Together with the patience
/// of whoever asks it is how long a loss can stay unseen, which is to be less than two seconds.
constexpr std::chrono::milliseconds kAnswerHolds{500};
/// Without any commit for so long while some were asked for, the store hangs.
constexpr std::chrono::milliseconds kHangs{1000};

}  // namespace

Readiness::Readiness(storage::Inbox& inbox, const Live<Merchants>& merchants,
                     const DeliveryWorker& worker, WallClock clock)
    : inbox_(inbox), merchants_(merchants), worker_(worker), clock_(std::move(clock)) {}

Task<std::vector<std::string>> Readiness::reasons_against(std::chrono::milliseconds patience) {
  std::vector<std::string> reasons;
  if (draining_) reasons.emplace_back("draining: this replica has been asked to stop");
  const auto now = std::chrono::floor<std::chrono::seconds>(clock_());
  const auto merchants = merchants_.get();
  for (const Merchant& merchant : merchants->all()) {
    if (!has_live_key(merchant, now)) {
      reasons.push_back("merchant " + merchant.mchid +
                        ": no platform key is live; load its certificate or public key");
    }
  }
  if (!worker_.alive()) reasons.emplace_back("deliveries: their worker has not gone round lately");
  if (!co_await store_commits(patience)) {
    reasons.emplace_back("store: no row can be committed; see the log for the reason");
  }
  co_return reasons;
}

Task<bool> Readiness::store_commits(std::chrono::milliseconds patience) {
  const auto activity = inbox_.activity();
  const std::int64_t age_ms = to_unix_ms(clock_()) - activity.last_commit_ms;
  const auto begun = SteadyClock::now();
  if (std::exchange(commits_seen_, activity.commits) != activity.commits) unanswered_since_.reset();
  // A clock that was set back makes old commits look as if they were to come.
  if (age_ms >= 0 && age_ms < kAnswerHolds.count()) {
    store_ok_ = true;
    co_return true;
  }
  if (begun - checked_at_ < kAnswerHolds) co_return store_ok_;
  const Executor executor = co_await asio::this_coro::executor;
  const auto wait = std::make_shared<CommitWait>(executor);
  bool committed = false;
  if (inbox_.probe(wait) == storage::Inbox::Queued::kYes) {
    const auto outcome = co_await wait->wait(begun + patience);
    if (!outcome && patience < kAnswerHolds) {
      // Too impatient to have learned anything, but for how long there was nothing to learn.
      if (!unanswered_since_) unanswered_since_ = begun;
      if (begun - *unanswered_since_ >= kHangs) store_ok_ = false;
      co_return store_ok_;
    }
    committed = outcome == storage::AdmitOutcome::kAlive;
  }
  store_ok_ = committed;
  checked_at_ = SteadyClock::now();
  co_return committed;
}

}  // namespace couponhook::server
