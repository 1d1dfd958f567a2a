#include "server/receive/commit_completions.hpp"

#include <boost/asio/post.hpp>

#include "server/receive/commit_wait.hpp"

namespace couponhook::server {

asio::execution_context::id CommitCompletions::id;

CommitCompletions& CommitCompletions::of(const Executor& executor) {
  return asio::use_service<CommitCompletions>(executor.context());
}

CommitCompletions::CommitCompletions(asio::execution_context& context)
    : service(context), executor_(static_cast<asio::io_context&>(context).get_executor()) {}

void CommitCompletions::put(std::shared_ptr<CommitWait> wait, storage::AdmitOutcome outcome) {
  bool first = false;
  {
    const std::lock_guard lock(mutex_);
    first = arrived_.empty();
    arrived_.emplace_back(std::move(wait), outcome);
  }
  if (first) asio::post(executor_, [this] { read_all(); });
}

void CommitCompletions::shutdown() {
  const std::lock_guard lock(mutex_);
  arrived_.clear();
}

void CommitCompletions::read_all() {
  {
    const std::lock_guard lock(mutex_);
    read_.swap(arrived_);
  }
  for (const auto& [wait, outcome] : read_) wait->finish(outcome);
  read_.clear();
}

}  // namespace couponhook::server
