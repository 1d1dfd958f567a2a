#pragma once

/// \file
/// Waits on an I/O thread for what the store's writer thread commits.

#include <memory>
#include <optional>

#include "server/commit_mailbox.hpp"
#include "server/net/task.hpp"
#include "storage/inbox.hpp"

namespace couponhook::server {

/// Hand it to the Inbox, then await wait() on the executor's thread. The writer may be done before,
/// while or after anybody waits; a wait that is given up leaves nothing dangling.
class CommitWait final : public storage::AdmitListener,
                         public std::enable_shared_from_this<CommitWait> {
 public:
  explicit CommitWait(const Executor& executor)
      : executor_(executor), mailbox_(CommitMailbox::of(executor)) {}

  /// On the writer's thread.
  void admitted(storage::AdmitOutcome outcome) noexcept override {
    mailbox_.put(shared_from_this(), outcome);
  }

  /// On the writer's thread, before admitted().
  void give_back(storage::Admission&& admission) noexcept override {
    given_back_ = std::move(admission);
  }

  /// On the executor's thread.
  void finish(storage::AdmitOutcome outcome) {
    outcome_ = outcome;
    if (timer_ != nullptr) timer_->cancel();
  }

  /// \return nothing where the deadline passed first; the commit may still happen later.
  Task<std::optional<storage::AdmitOutcome>> wait(SteadyClock::time_point deadline) {
    if (outcome_) co_return outcome_;
    Timer timer(executor_);
    timer.expires_at(deadline);
    timer_ = &timer;
    co_await timer.async_wait(use_task);
    timer_ = nullptr;
    co_return outcome_;
  }

 private:
  Executor executor_;
  CommitMailbox& mailbox_;
  storage::Admission given_back_;  // only held until it is freed here
  // Only touched on the executor's thread.
  std::optional<storage::AdmitOutcome> outcome_;
  Timer* timer_ = nullptr;
};

}  // namespace couponhook::server
