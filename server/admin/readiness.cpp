#include "server/admin/readiness.hpp"

#include <memory>
#include <utility>

#include <boost/asio/this_coro.hpp>

#include "server/receive/commit_wait.hpp"

namespace couponhook::server {
namespace {

/// Time for which the result of a store check stays valid. Without this time, frequent readiness
/// checks would cause frequent commits.
constexpr std::chrono::milliseconds kAnswerHolds{500};

}  // namespace

Readiness::Readiness(storage::Inbox& inbox, const base::Live<Merchants>& merchants,
                     const DeliveryWorker& worker, base::WallClock clock,
                     std::chrono::milliseconds commit_max)
    : inbox_(inbox),
      merchants_(merchants),
      worker_(worker),
      clock_(std::move(clock)),
      commit_max_(commit_max) {}

Task<std::vector<std::string>> Readiness::reasons_against(std::chrono::milliseconds timeout) {
  std::vector<std::string> reasons;
  if (draining_) reasons.emplace_back("draining: this replica has been asked to stop");
  const auto now = std::chrono::floor<std::chrono::seconds>(clock_());
  const auto merchants = merchants_.get();
  for (const Merchant& merchant : merchants->all()) {
    if (!has_live_key(merchant, now)) {
      reasons.push_back("merchant " + merchant.mchid +
                        (merchant.ciphers.empty()
                             ? ": no APIv3 key is loaded; correct api_v3_key_files"
                             : ": no platform key is live; load its certificate or public key"));
    }
  }
  if (!worker_.alive()) reasons.emplace_back("deliveries: the delivery worker does not respond");
  std::string store = co_await reason_against_store(timeout);
  store_ok_ = store.empty();
  if (!store_ok_) reasons.push_back(std::move(store));
  co_return reasons;
}

Task<std::string> Readiness::reason_against_store(std::chrono::milliseconds timeout) {
  const auto before = inbox_.activity();
  const std::int64_t age_ms = base::to_unix_ms(clock_()) - before.last_commit_ms;
  // If the wall clock was set back, the last commit seems to lie in the future (age_ms < 0).
  const bool committed_lately = age_ms >= 0 && age_ms < kAnswerHolds.count();
  if (before.failing || !committed_lately) co_await ask_store(timeout);

  const auto now = inbox_.activity();
  if (now.failing) co_return "store: no row can be committed; see the log for the reason";
  if (now.stalled_for && *now.stalled_for > commit_max_) {
    co_return "store: a commit has been under way for " + std::to_string(now.stalled_for->count()) +
        " ms, longer than listener.reply_budget_ms; look at its disk or server, and at the log";
  }
  co_return std::string();
}

/// Asks the store to commit a test row, but only one at a time: otherwise, a store that hangs would
/// get a longer and longer queue of test rows.
Task<void> Readiness::ask_store(std::chrono::milliseconds timeout) {
  const auto now = SteadyClock::now();
  if (now - asked_at_ < kAnswerHolds || (asked_ && !asked_->is_finished())) co_return;
  const Executor executor = co_await asio::this_coro::executor;
  asked_ = std::make_shared<CommitWait>(executor);
  asked_at_ = now;
  const auto wait = asked_;
  if (inbox_.probe(wait) != storage::Inbox::Queued::kYes) {
    asked_.reset();
    co_return;
  }
  static_cast<void>(co_await wait->wait(now + timeout));
}

}  // namespace couponhook::server
