#include "storage/request_queue.hpp"

#include <algorithm>
#include <iterator>
#include <type_traits>
#include <utility>
#include <variant>

namespace couponhook::storage {
namespace {

/// Computes the memory in bytes that a queued request takes up with its long texts. Texts that are
/// always short are not counted.
struct BytesOf {
  std::size_t operator()(const Probe& /*probe*/) const { return 0; }
  std::size_t operator()(const Admission& a) const { return a.envelope.size() + a.resource.size(); }
  std::size_t operator()(const Quarantined& q) const { return q.headers.size() + q.body.size(); }
};

static_assert(std::is_nothrow_move_constructible_v<Work>, "the queue grows without copying");

}  // namespace

RequestQueue::RequestQueue(const InboxOptions& options)
    : requests_max_(options.queue_max),
      bytes_max_(options.queue_bytes_max),
      batch_max_(options.batch_max) {}

Inbox::Queued RequestQueue::push(Work&& work) {
  work.bytes = sizeof(Work) + std::visit(BytesOf{}, work.content);
  bool wake = false;
  {
    const std::lock_guard lock(mutex_);
    if (stopping_) return Inbox::Queued::kStopped;
    if (untaken() >= requests_max_) return Inbox::Queued::kFull;
    if (bytes_ > 0 && bytes_ + work.bytes > bytes_max_) return Inbox::Queued::kFull;
    if (uncommitted() == 0) waiting_since_ = std::chrono::steady_clock::now();
    bytes_ += work.bytes;
    queue_.push_back(std::move(work));
    // Wake only one writer thread. When it wakes, it takes all requests that are queued, or wakes
    // the next writer if they are too many for one batch.
    wake = sleepers_ > 0 && !std::exchange(waking_, true);
  }
  if (wake) wake_writer_.notify_one();
  return Inbox::Queued::kYes;
}

void RequestQueue::take(std::vector<Work>& batch) {
  std::size_t done_bytes = 0;
  for (const Work& work : batch) done_bytes += work.bytes;
  const std::size_t done = batch.size();
  batch.clear();
  std::unique_lock lock(mutex_);
  bytes_ -= done_bytes;
  committing_ -= done;
  while (untaken() == 0 && !stopping_) {
    ++sleepers_;
    wake_writer_.wait(lock);
    --sleepers_;
    waking_ = false;
  }
  if (backlog_done_ == backlog_.size()) {
    backlog_.clear();
    backlog_done_ = 0;
    if (queue_.size() <= batch_max_) {
      committing_ += queue_.size();
      return std::swap(batch, queue_);
    }
    std::swap(backlog_, queue_);
  }
  const std::size_t size = std::min(batch_max_, backlog_.size() - backlog_done_);
  const auto first = backlog_.begin() + static_cast<std::ptrdiff_t>(backlog_done_);
  batch.assign(std::move_iterator(first),
               std::move_iterator(first + static_cast<std::ptrdiff_t>(size)));
  backlog_done_ += size;
  committing_ += size;
  // The caller that queued the requests has woken only one writer thread, but the requests are more
  // than one batch. So this writer wakes the next one.
  const bool wake = untaken() > 0 && sleepers_ > 0 && !std::exchange(waking_, true);
  lock.unlock();
  if (wake) wake_writer_.notify_one();
}

void RequestQueue::stop() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  wake_writer_.notify_all();
  stop_pauses_.notify_all();
}

bool RequestQueue::pause(std::chrono::milliseconds time) {
  std::unique_lock lock(mutex_);
  return stop_pauses_.wait_for(lock, time, [this] { return stopping_; });
}

std::size_t RequestQueue::waiting() const {
  const std::lock_guard lock(mutex_);
  return untaken();
}

std::optional<RequestQueue::TimePoint> RequestQueue::waiting_since() const {
  const std::lock_guard lock(mutex_);
  if (uncommitted() == 0) return std::nullopt;
  return waiting_since_;
}

}  // namespace couponhook::storage
