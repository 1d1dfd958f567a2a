#pragma once

/// \file
/// Waits on an I/O thread for what the store's writer thread commits.

#include <memory>
#include <utility>
#include <vector>

#include "server/receive/commit_completions.hpp"
#include "server/receive/result_wait.hpp"
#include "storage/deliveries.hpp"
#include "storage/inbox.hpp"

namespace couponhook::server {

/// Hand it to the Inbox, then await wait() on the executor's thread. The writer may be done before,
/// while or after anybody waits; a wait that is given up leaves nothing dangling.
class CommitWait final : public storage::AdmitListener,
                         public ResultWait<storage::AdmitOutcome>,
                         public std::enable_shared_from_this<CommitWait> {
 public:
  explicit CommitWait(const Executor& executor)
      : ResultWait(executor), mailbox_(CommitMailbox::of(executor)) {}

  // On the writer's thread; the mailbox calls finish() on the executor's.
  void admitted(storage::AdmitOutcome outcome) noexcept override {
    mailbox_.put(shared_from_this(), outcome);
  }
  void give_back(storage::Admission&& admission) noexcept override {
    given_back_ = std::move(admission);
  }
  void leased(std::vector<storage::BornLeased>&& deliveries) noexcept override {
    born_leased_ = std::move(deliveries);
  }

  /// The deliveries that were born leased, with what their handlers are told. Once, after wait()
  /// has given an outcome.
  [[nodiscard]] std::vector<storage::ClaimedDelivery> take_born_leased();

 private:
  CommitMailbox& mailbox_;
  storage::Admission given_back_;  // else only held until it is freed here
  std::vector<storage::BornLeased> born_leased_;
};

}  // namespace couponhook::server
