#pragma once

/// \file
/// Passes commit results from the store's writer thread to the I/O thread that waits for them.

#include <memory>
#include <mutex>
#include <utility>
#include <vector>

#include "server/net/task.hpp"
#include "storage/records.hpp"

namespace couponhook::server {

class CommitWait;

/// Queue of commit results for one io_context, which owns the queue as an Asio service. The writer
/// thread finishes a whole batch of commits at once. If each result were posted to the I/O thread
/// separately, the thread would be woken many times. Here the first result of a batch wakes the I/O
/// thread, which then takes all results that have arrived.
class CommitCompletions final : public asio::execution_context::service {
 public:
  static asio::execution_context::id id;

  /// Returns the queue of commit results of the io_context that `executor` belongs to.
  [[nodiscard]] static CommitCompletions& of(const Executor& executor);

  /// Makes the queue of commit results. Asio calls this constructor at the first call of of().
  explicit CommitCompletions(asio::execution_context& context);

  /// Adds the result of a commit to the queue. Any thread may call this function; the request that
  /// waits for the result continues on the io_context's thread.
  void put(std::shared_ptr<CommitWait> wait, storage::AdmitOutcome outcome);

 private:
  using Completions = std::vector<std::pair<std::shared_ptr<CommitWait>, storage::AdmitOutcome>>;

  void shutdown() override;
  void read_all();

  Executor executor_;
  std::mutex mutex_;
  Completions arrived_;  // commit results that have arrived; guarded by mutex_
  // Commit results that the io_context's thread is passing on to the waiting requests. Only this
  // thread uses the list. The list keeps its memory for the next batch of results.
  Completions read_;
};

}  // namespace couponhook::server
