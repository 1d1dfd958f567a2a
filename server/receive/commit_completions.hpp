#pragma once

/// \file
/// Where the store's writer thread leaves what has become of the admissions of one I/O thread.

#include <memory>
#include <mutex>
#include <utility>
#include <vector>

#include "server/net/task.hpp"
#include "storage/records.hpp"

namespace couponhook::server {

class CommitWait;

/// One for each io_context, which owns it. Posting a handler for each admission would wake its
/// thread again and again while the writer goes through a batch; here the first one wakes it, and
/// it finds the others as well.
class CommitMailbox final : public asio::execution_context::service {
 public:
  static asio::execution_context::id id;

  [[nodiscard]] static CommitMailbox& of(const Executor& executor);

  /// Called by the io_context.
  explicit CommitMailbox(asio::execution_context& context);

  /// On any thread. The wait is finished on the io_context's.
  void put(std::shared_ptr<CommitWait> wait, storage::AdmitOutcome outcome);

 private:
  using Letters = std::vector<std::pair<std::shared_ptr<CommitWait>, storage::AdmitOutcome>>;

  void shutdown() override;
  void read_all();

  Executor executor_;
  std::mutex mutex_;
  Letters arrived_;  // guarded by mutex_
  Letters read_;     // the io_context's thread only; its memory serves again
};

}  // namespace couponhook::server
