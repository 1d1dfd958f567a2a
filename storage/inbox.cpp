#include "storage/inbox.hpp"

#include <algorithm>
#include <array>
#include <condition_variable>
#include <iterator>
#include <list>
#include <mutex>
#include <span>
#include <string>
#include <thread>
#include <type_traits>
#include <utility>
#include <vector>

#include <pthread.h>

#include "storage/admit_batch.hpp"
#include "storage/commit_health.hpp"

namespace couponhook::storage {
namespace {

using std::chrono::milliseconds;
using SteadyClock = std::chrono::steady_clock;

/// Pauses before a transaction is run again after a deadlock or serialization failure. Each pause
/// is longer than the one before, so that a transaction that fails again and again gives way to the
/// others. After the last pause the transaction is run one last time.
constexpr std::array kConflictPauses{milliseconds{1}, milliseconds{2}, milliseconds{5},
                                     milliseconds{10}, milliseconds{20}};

/// Makes the failure that is reported for an exception, most likely std::bad_alloc. The message may
/// be empty, because there may be no memory for the message either.
Failure exception_failure() noexcept {
  try {
    return {FailureCode::kUnavailable, "a batch could not be prepared: is there memory left?"};
  } catch (...) {
    return {FailureCode::kUnavailable, {}};
  }
}

/// Computes the memory in bytes that a queued request takes up with its long texts. Texts that are
/// always short are not counted.
struct BytesOf {
  std::size_t operator()(const Probe& /*probe*/) const { return 0; }
  std::size_t operator()(const Admission& a) const { return a.envelope.size() + a.resource.size(); }
  std::size_t operator()(const Quarantined& q) const { return q.headers.size() + q.body.size(); }
};

/// Number of requests of a batch that may fail because the disk is full; after that, the rest of
/// the batch is refused without a try.
constexpr int kFullMax = 3;

static_assert(std::is_nothrow_move_constructible_v<Work>, "the queue grows without copying");

}  // namespace

struct Inbox::Impl {
  /// One writer thread, with its database connection and the batch of requests that it is writing.
  struct Writer {
    Writer(std::unique_ptr<Connection> given, LeaseTerms terms)
        : connection(std::move(given)), batch_writer(*connection, std::move(terms)) {}

    const std::unique_ptr<Connection> connection;
    BatchWriter batch_writer;
    std::vector<Work> batch;
    std::thread thread;
  };

  Impl(Connections connections, InboxOptions given_options, Clock given_clock,
       FailureObserver given_observer);

  Queued enqueue(Work&& work);
  void stop();
  InboxActivity current_activity() const;

  // Functions that run on a writer thread.
  void work_until_stopped(Writer& writer);
  void next_batch(std::vector<Work>& batch);
  void commit(Writer& writer);
  void commit_one_by_one(Writer& writer);
  [[nodiscard]] Connection::Result<void> write(Writer& writer, std::span<Work> batch);
  [[nodiscard]] Connection::Result<void> write_once(Writer& writer, std::span<Work> batch) noexcept;
  [[nodiscard]] Connection::Result<void> write_when_free(Writer& writer, std::span<Work> batch);
  void note_commit(std::span<const Work> batch, std::int64_t now_ms);
  void note_refused(std::span<const Work> batch);
  void note_failure(const Failure& failure) noexcept;
  bool pause(milliseconds time);

  void finish(const Writer& writer, std::span<Work> batch);
  static void tell(std::span<Work> batch);
  void wake_workers(const Writer& writer) noexcept;

  // Functions that may be called only while the mutex is held.
  std::size_t waiting() const { return queue.size() + backlog.size() - backlog_done; }
  std::size_t uncommitted() const { return waiting() + committing; }

  // Members that do not change after construction, so that any thread may read them without the
  // mutex.
  const InboxOptions options;
  const Clock clock;
  const FailureObserver on_failure;

  // Members that callers and writer threads share; the mutex protects them.
  mutable std::mutex mutex;
  std::condition_variable wake_writer;
  std::condition_variable stop_pauses;
  std::vector<Work> queue;
  /// Requests that were taken out of `queue` but did not fit into one batch; they are written
  /// before `queue`.
  std::vector<Work> backlog;
  std::size_t backlog_done = 0;
  std::size_t bytes = 0;     ///< bytes of memory of waiting requests and of those being committed
  std::size_t sleepers = 0;  ///< number of writer threads that sleep because they have no work
  /// True while a sleeping writer thread has been woken and will take the requests that are queued
  /// now.
  bool waking = false;
  bool stopping = false;
  InboxActivity activity;
  std::size_t committing = 0;  ///< number of requests that writers have taken and not finished
  CommitHealth health;

  std::once_flag joined;
  /// The writer threads. Declared last, because they use all the members above.
  std::list<Writer> writers;
};

Inbox::Impl::Impl(Connections connections, InboxOptions given_options, Clock given_clock,
                  FailureObserver given_observer)
    : options(std::move(given_options)),
      clock(std::move(given_clock)),
      on_failure(std::move(given_observer)) {
  for (auto& connection : connections) {
    writers.emplace_back(std::move(connection), options.lease_terms);
  }
  for (Writer& writer : writers) {
    writer.thread = std::thread([this, &writer] { work_until_stopped(writer); });
  }
}

Inbox::Queued Inbox::Impl::enqueue(Work&& work) {
  work.bytes = sizeof(Work) + std::visit(BytesOf{}, work.content);
  bool wake = false;
  {
    const std::lock_guard lock(mutex);
    if (stopping) return Queued::kStopped;
    if (waiting() >= options.queue_max) return Queued::kFull;
    if (bytes > 0 && bytes + work.bytes > options.queue_bytes_max) return Queued::kFull;
    if (auto* probe = std::get_if<Probe>(&work.content)) probe->bytes = health.probe_bytes();
    if (uncommitted() == 0) health.begin_waiting(SteadyClock::now());
    bytes += work.bytes;
    queue.push_back(std::move(work));
    // Wake only one writer thread. When it wakes, it takes all requests that are queued, or wakes
    // the next writer if they are too many for one batch.
    wake = sleepers > 0 && !std::exchange(waking, true);
  }
  if (wake) wake_writer.notify_one();
  return Queued::kYes;
}

void Inbox::Impl::stop() {
  {
    const std::lock_guard lock(mutex);
    stopping = true;
  }
  wake_writer.notify_all();
  stop_pauses.notify_all();
  std::call_once(joined, [this] {
    for (Writer& writer : writers) writer.thread.join();
  });
}

InboxActivity Inbox::Impl::current_activity() const {
  const std::lock_guard lock(mutex);
  InboxActivity current = activity;
  current.queued = waiting();
  current.failing = health.failing();
  if (uncommitted() > 0) current.stalled_for = health.stalled_for(SteadyClock::now());
  return current;
}

void Inbox::Impl::work_until_stopped(Writer& writer) {
  pthread_setname_np(pthread_self(), "store-writer");
  for (next_batch(writer.batch); !writer.batch.empty(); next_batch(writer.batch)) commit(writer);
}

/// Releases the last batch, waits until requests are queued, and takes up to one batch of them. The
/// batch is empty only if stop() was called and no requests are left.
void Inbox::Impl::next_batch(std::vector<Work>& batch) {
  std::size_t done_bytes = 0;
  for (const Work& work : batch) done_bytes += work.bytes;
  const std::size_t done = batch.size();
  batch.clear();
  std::unique_lock lock(mutex);
  bytes -= done_bytes;
  committing -= done;
  while (waiting() == 0 && !stopping) {
    ++sleepers;
    wake_writer.wait(lock);
    --sleepers;
    waking = false;
  }
  if (backlog_done == backlog.size()) {
    backlog.clear();
    backlog_done = 0;
    if (queue.size() <= options.batch_max) {
      committing += queue.size();
      return std::swap(batch, queue);
    }
    std::swap(backlog, queue);
  }
  const std::size_t size = std::min(options.batch_max, backlog.size() - backlog_done);
  const auto first = backlog.begin() + static_cast<std::ptrdiff_t>(backlog_done);
  batch.assign(std::move_iterator(first),
               std::move_iterator(first + static_cast<std::ptrdiff_t>(size)));
  backlog_done += size;
  committing += size;
  // The caller that queued the requests has woken only one writer thread, but the requests are more
  // than one batch. So this writer wakes the next one.
  const bool wake = waiting() > 0 && sleepers > 0 && !std::exchange(waking, true);
  lock.unlock();
  if (wake) wake_writer.notify_one();
}

void Inbox::Impl::commit(Writer& writer) {
  const std::span<Work> batch = writer.batch;
  const auto written = write(writer, batch);
  if (written) return finish(writer, batch);
  const FailureCode code = written.error().code;
  const bool some_may_be_kept = code == FailureCode::kStatement || code == FailureCode::kFull;
  if (some_may_be_kept && batch.size() > 1) return commit_one_by_one(writer);
  note_refused(batch);
  tell(batch);
  pause(options.failure_pause);
}

/// Commits each request of a batch in a transaction of its own, after the whole batch failed
/// because the database refuses one request, or because not all requests fit on the disk. The other
/// requests must not fail too.
void Inbox::Impl::commit_one_by_one(Writer& writer) {
  const std::span<Work> batch = writer.batch;
  int full = 0;
  for (std::size_t i = 0; i < batch.size(); ++i) {
    const auto written = write(writer, batch.subspan(i, 1));
    if (!written) {
      const FailureCode code = written.error().code;
      const bool others_may_fit = code == FailureCode::kFull && ++full < kFullMax;
      // Go on with the next request only if the database refused this one alone, or if smaller
      // requests may still fit on the disk. Otherwise the store itself has failed, and the
      // remaining requests are refused without a try.
      const bool goes_on = code == FailureCode::kStatement || others_may_fit;
      const auto refused = goes_on ? batch.subspan(i, 1) : batch.subspan(i);
      note_refused(refused);
      tell(refused);
      if (goes_on) continue;
      pause(options.failure_pause);
      return;
    }
    finish(writer, batch.subspan(i, 1));
  }
}

/// Writes requests in one transaction, and runs it again after a deadlock or serialization failure.
/// On failure, the outcome of each request is kFailed.
Connection::Result<void> Inbox::Impl::write(Writer& writer, std::span<Work> batch) {
  auto written = write_when_free(writer, batch);
  for (const milliseconds time : kConflictPauses) {
    if (written || written.error().code != FailureCode::kConflict) break;
    pause(time);
    written = write_when_free(writer, batch);
  }
  return written;
}

/// Writes requests in one transaction, and tries again while another writer holds the store
/// (kBusy). The failure observer is called for each failed try. Such a failure has written nothing,
/// so trying again is safe.
Connection::Result<void> Inbox::Impl::write_when_free(Writer& writer, std::span<Work> batch) {
  const auto give_up_at = SteadyClock::now() + options.busy_max;
  auto written = write_once(writer, batch);
  while (!written && written.error().code == FailureCode::kBusy &&
         SteadyClock::now() < give_up_at && !pause(options.failure_pause)) {
    written = write_once(writer, batch);
  }
  return written;
}

Connection::Result<void> Inbox::Impl::write_once(Writer& writer, std::span<Work> batch) noexcept {
  std::int64_t now_ms = 0;
  const auto attempt = [&]() -> Connection::Result<void> {
    try {
      now_ms = clock();
      return writer.batch_writer.write(batch, now_ms);
    } catch (...) {
      return exception_failure();
    }
  };
  auto written = attempt();
  if (written) {
    note_commit(batch, now_ms);
  } else {
    note_failure(written.error());
  }
  return written;
}

void Inbox::Impl::note_commit(std::span<const Work> batch, std::int64_t now_ms) {
  const std::lock_guard lock(mutex);
  ++activity.commits;
  activity.rows += batch.size();
  activity.last_commit_ms = now_ms;
  health.committed(batch, SteadyClock::now());
}

void Inbox::Impl::note_refused(std::span<const Work> batch) {
  const std::lock_guard lock(mutex);
  health.refused(batch, SteadyClock::now());
}

void Inbox::Impl::note_failure(const Failure& failure) noexcept {
  {
    const std::lock_guard lock(mutex);
    ++activity.failed_commits;
  }
  try {
    if (on_failure) on_failure(failure);
  } catch (...) {
    // Exceptions of the failure observer are ignored: reporting a failure must not cause another
    // one.
  }
}

/// Pauses the writer thread without holding the mutex, so that requests can still be queued. stop()
/// ends the pause early.
/// \return true if stop() was called.
bool Inbox::Impl::pause(milliseconds time) {
  std::unique_lock lock(mutex);
  return stop_pauses.wait_for(lock, time, [this] { return stopping; });
}

/// Ends requests that are committed: first each caller gets its result, because a sender waits for
/// the reply; then the workers are woken, if deliveries wait for them.
void Inbox::Impl::finish(const Writer& writer, std::span<Work> batch) {
  tell(batch);
  wake_workers(writer);
}

/// Gives the caller of each request its result, after the commit or the failure.
void Inbox::Impl::tell(std::span<Work> batch) {
  for (Work& work : batch) {
    // Drops the reference to the listener now. The memory of the batch is reused only later, and
    // the connection that the listener belongs to may end before that.
    const std::shared_ptr<AdmitListener> listener = std::move(work.listener);
    if (!listener) continue;
    AdmitResult result;
    result.outcome = work.outcome;
    result.leased = std::move(work.leased);
    if (auto* admission = std::get_if<Admission>(&work.content)) {
      result.admission = std::move(*admission);
    }
    listener->admitted(std::move(result));
  }
}

void Inbox::Impl::wake_workers(const Writer& writer) noexcept {
  if (!options.on_deliveries || !writer.batch_writer.made_deliveries()) return;
  try {
    options.on_deliveries();
  } catch (...) {
    // An exception is ignored: the workers that make deliveries also look for new ones
    // periodically.
  }
}

namespace {

Inbox::Connections only(std::unique_ptr<Connection> connection) {
  Inbox::Connections connections;
  connections.push_back(std::move(connection));
  return connections;
}

}  // namespace

Inbox::Inbox(std::unique_ptr<Connection> connection, InboxOptions options, Clock clock,
             FailureObserver on_failure)
    : Inbox(only(std::move(connection)), std::move(options), std::move(clock),
            std::move(on_failure)) {}

Inbox::Inbox(Connections connections, InboxOptions options, Clock clock, FailureObserver on_failure)
    : impl_(std::make_unique<Impl>(std::move(connections), std::move(options), std::move(clock),
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
