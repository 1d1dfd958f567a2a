#include "storage/inbox.hpp"

#include <algorithm>
#include <array>
#include <condition_variable>
#include <mutex>
#include <span>
#include <string>
#include <thread>
#include <type_traits>
#include <utility>
#include <vector>

#include <pthread.h>

#include "storage/admit_batch.hpp"

namespace couponhook::storage {
namespace {

using std::chrono::milliseconds;

/// Pauses before a transaction that lost to another is run again: the longer it has been losing,
/// the more it gives way. There are as many further runs as pauses.
constexpr std::array kConflictPauses{milliseconds{1}, milliseconds{2}, milliseconds{5},
                                     milliseconds{10}, milliseconds{20}};

/// An exception, most likely for want of memory, of which the words may find none either.
Failure exception_failure() noexcept {
  try {
    return {FailureCode::kUnavailable, "a batch could not be prepared: is there memory left?"};
  } catch (...) {
    return {FailureCode::kUnavailable, {}};
  }
}

static_assert(std::is_nothrow_move_constructible_v<Work>, "the queue grows without copying");

}  // namespace

struct Inbox::Impl {
  Impl(std::unique_ptr<Connection> given, InboxOptions given_options, Clock given_clock,
       FailureObserver given_observer)
      : connection(std::move(given)),
        options(given_options),
        clock(std::move(given_clock)),
        on_failure(std::move(given_observer)),
        batch_writer(*connection, options.counter_slot),
        writer([this] { work_until_stopped(); }) {}

  Queued enqueue(Work&& work);
  void stop();
  InboxActivity current_activity() const;

  // On the writer's thread:
  void work_until_stopped();
  [[nodiscard]] std::span<Work> next_batch();
  void commit(std::span<Work> batch);
  void commit_one_by_one(std::span<Work> batch);
  [[nodiscard]] Connection::Result<void> write(std::span<Work> batch);
  [[nodiscard]] Connection::Result<void> write_once(std::span<Work> batch) noexcept;
  void note_commit(std::size_t rows, std::int64_t now_ms);
  void note_failure(const Failure& failure) noexcept;
  void pause(milliseconds time);

  static void tell(std::span<Work> batch);

  // Constant after construction.
  const std::unique_ptr<Connection> connection;
  const InboxOptions options;
  const Clock clock;
  const FailureObserver on_failure;

  // Protected by the mutex.
  mutable std::mutex mutex;
  std::condition_variable wake_writer;
  std::vector<Work> queue;
  bool idle = false;        ///< the writer waits, and nobody has woken it yet
  std::size_t waiting = 0;  ///< in the queue, or taken from it and not yet in a batch
  bool stopping = false;
  InboxActivity activity;

  // The writer's own.
  std::vector<Work> taken;
  std::size_t taken_done = 0;
  BatchWriter batch_writer;

  std::once_flag joined;
  std::thread writer;  ///< last, since it uses all of the above
};

Inbox::Queued Inbox::Impl::enqueue(Work&& work) {
  bool wake = false;
  {
    const std::lock_guard lock(mutex);
    if (stopping) return Queued::kStopped;
    if (waiting >= options.queue_max) return Queued::kFull;
    queue.push_back(std::move(work));
    ++waiting;
    wake = std::exchange(idle, false);
  }
  if (wake) wake_writer.notify_one();
  return Queued::kYes;
}

void Inbox::Impl::stop() {
  {
    const std::lock_guard lock(mutex);
    stopping = true;
  }
  wake_writer.notify_one();
  std::call_once(joined, [this] { writer.join(); });
}

InboxActivity Inbox::Impl::current_activity() const {
  const std::lock_guard lock(mutex);
  InboxActivity current = activity;
  current.queued = waiting;
  return current;
}

void Inbox::Impl::work_until_stopped() {
  pthread_setname_np(pthread_self(), "store-writer");
  for (auto batch = next_batch(); !batch.empty(); batch = next_batch()) commit(batch);
}

/// Waits for work. Takes the whole queue at once, and gives it out in batches.
/// \return nothing when all is done and no more will come.
std::span<Work> Inbox::Impl::next_batch() {
  if (taken_done == taken.size()) {
    taken.clear();
    taken_done = 0;
  }
  std::unique_lock lock(mutex);
  if (taken.empty()) {
    idle = true;
    wake_writer.wait(lock, [this] { return !queue.empty() || stopping; });
    idle = false;
    std::swap(taken, queue);
  }
  const std::size_t size = std::min(options.batch_max, taken.size() - taken_done);
  const std::span<Work> batch(taken.data() + taken_done, size);
  taken_done += size;
  waiting -= size;
  return batch;
}

void Inbox::Impl::commit(std::span<Work> batch) {
  const auto written = write(batch);
  if (written) return tell(batch);
  if (written.error().code == FailureCode::kStatement && batch.size() > 1) {
    return commit_one_by_one(batch);
  }
  tell(batch);
  pause(options.failure_pause);
}

/// One of them is refused whenever it is tried. The others must not suffer for it.
void Inbox::Impl::commit_one_by_one(std::span<Work> batch) {
  for (std::size_t i = 0; i < batch.size(); ++i) {
    const auto written = write(batch.subspan(i, 1));
    if (!written && written.error().code != FailureCode::kStatement) {
      // The store itself has failed now, and would for each that is left.
      tell(batch.subspan(i));
      return pause(options.failure_pause);
    }
    tell(batch.subspan(i, 1));
  }
}

/// One transaction, run again where it lost to another. On failure every outcome is kFailed.
Connection::Result<void> Inbox::Impl::write(std::span<Work> batch) {
  auto written = write_once(batch);
  for (const milliseconds time : kConflictPauses) {
    if (written || written.error().code != FailureCode::kConflict) break;
    pause(time);
    written = write_once(batch);
  }
  return written;
}

Connection::Result<void> Inbox::Impl::write_once(std::span<Work> batch) noexcept {
  std::int64_t now_ms = 0;
  const auto attempt = [&]() -> Connection::Result<void> {
    try {
      now_ms = clock();
      return batch_writer.write(batch, now_ms);
    } catch (...) {
      return exception_failure();
    }
  };
  auto written = attempt();
  if (written) {
    note_commit(batch.size(), now_ms);
  } else {
    note_failure(written.error());
  }
  return written;
}

void Inbox::Impl::note_commit(std::size_t rows, std::int64_t now_ms) {
  const std::lock_guard lock(mutex);
  ++activity.commits;
  activity.rows += rows;
  activity.last_commit_ms = now_ms;
}

void Inbox::Impl::note_failure(const Failure& failure) noexcept {
  {
    const std::lock_guard lock(mutex);
    ++activity.failed_commits;
  }
  try {
    if (on_failure) on_failure(failure);
  } catch (...) {
    // Whoever observes failures must not become one.
  }
}

/// Newcomers may queue meanwhile. Stopping does not wait for it.
void Inbox::Impl::pause(milliseconds time) {
  std::unique_lock lock(mutex);
  wake_writer.wait_for(lock, time, [this] { return stopping; });
}

void Inbox::Impl::tell(std::span<Work> batch) {
  for (Work& work : batch) {
    if (work.listener) {
      if (auto* admission = std::get_if<Admission>(&work.content)) {
        work.listener->give_back(std::move(*admission));
      }
      work.listener->admitted(work.outcome);
    }
    // The listener's session may end before the batch's memory is used again.
    work.listener.reset();
  }
}

Inbox::Inbox(std::unique_ptr<Connection> connection, InboxOptions options, Clock clock,
             FailureObserver on_failure)
    : impl_(std::make_unique<Impl>(std::move(connection), options, std::move(clock),
                                   std::move(on_failure))) {}

Inbox::~Inbox() {
  stop();
}

Inbox::Queued Inbox::admit(Admission&& admission, std::shared_ptr<AdmitListener> listener) {
  return impl_->enqueue({.content = std::move(admission), .listener = std::move(listener)});
}

Inbox::Queued Inbox::quarantine(Quarantined&& quarantined,
                                std::shared_ptr<AdmitListener> listener) {
  return impl_->enqueue({.content = std::move(quarantined), .listener = std::move(listener)});
}

Inbox::Queued Inbox::probe(std::shared_ptr<AdmitListener> listener) {
  return impl_->enqueue({.content = Probe{}, .listener = std::move(listener)});
}

void Inbox::stop() {
  impl_->stop();
}

InboxActivity Inbox::activity() const {
  return impl_->current_activity();
}

}  // namespace couponhook::storage
