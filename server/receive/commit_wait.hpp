#pragma once

/// \file
/// Lets an I/O thread wait until the database's writer thread has committed a notification.

#include <memory>
#include <utility>
#include <vector>

#include "server/receive/commit_completions.hpp"
#include "server/receive/result_wait.hpp"
#include "storage/deliveries.hpp"
#include "storage/inbox.hpp"

namespace couponhook::server {

/// The wait of one request until its notification is committed to the database. Pass this object to
/// the Inbox (the queue in front of the database), then await wait() on the executor's thread. The
/// writer thread may finish before, during or after wait(). If the caller stops waiting, for
/// example at its deadline, the writer thread's shared pointer keeps this object alive until the
/// result has come.
class CommitWait final : public storage::AdmitListener,
                         public ResultWait<storage::AdmitOutcome>,
                         public std::enable_shared_from_this<CommitWait> {
 public:
  explicit CommitWait(const Executor& executor)
      : ResultWait(executor), completions_(CommitCompletions::of(executor)) {}

  // Called on the thread that writes to the database, when the commit has ended. Only keeps the
  // result and puts its outcome into the queue of commit results; the request that waits for it is
  // woken later, on the I/O thread that serves the request.
  void admitted(storage::AdmitResult&& result) noexcept override {
    admitted_ = std::move(result);
    completions_.put(shared_from_this(), admitted_.outcome);
  }

  /// Takes out of this object, and returns, the deliveries that the commit stored with a lease for
  /// this replica (the lease keeps other replicas from making these deliveries). Each delivery has
  /// all the data that its handler needs. Call this function once, after wait() has returned an
  /// outcome.
  [[nodiscard]] std::vector<storage::ClaimedDelivery> take_leased();

 private:
  CommitCompletions& completions_;
  // Written by the writer thread before the outcome enters the queue of commit results, read by the
  // I/O thread after that.
  storage::AdmitResult admitted_;
};

}  // namespace couponhook::server
