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
/// finishes a whole batch at once. One posted handler per result would wake the I/O thread many
/// times; here the first result of a batch wakes the thread, which then takes all results that have
/// arrived.
class CommitCompletions final : public asio::execution_context::service {
 public:
  static asio::execution_context::id id;

  /// The queue of the io_context that `executor` belongs to.
  [[nodiscard]] static CommitCompletions& of(const Executor& executor);

  /// Called by Asio when the service is first used.
  explicit CommitCompletions(asio::execution_context& context);

  /// Adds a result. May be called on any thread; the wait is finished on the io_context's thread.
  void put(std::shared_ptr<CommitWait> wait, storage::AdmitOutcome outcome);

 private:
  using Letters = std::vector<std::pair<std::shared_ptr<CommitWait>, storage::AdmitOutcome>>;

  void shutdown() override;
  void read_all();

  Executor executor_;
  std::mutex mutex_;
  Letters arrived_;  // guarded by mutex_
  Letters read_;     // used by the io_context's thread only; keeps its memory for the next batch
};

}  // namespace couponhook::server
