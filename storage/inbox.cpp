#include "storage/inbox.hpp"

#include <array>
#include <list>
#include <mutex>
#include <span>
#include <thread>
#include <utility>
#include <vector>

#include <pthread.h>

#include "storage/admit_batch.hpp"
#include "storage/commit_health.hpp"
#include "storage/request_queue.hpp"

namespace couponhook::storage {
namespace {

using std::chrono::milliseconds;
using SteadyClock = std::chrono::steady_clock;

/// Pauses before a transaction is run again after a deadlock or serialization failure. Each pause
/// is longer than the one before, so that a transaction that fails again and again lets other
/// transactions go first. After the last pause the transaction is run one last time.
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

/// Number of requests of a batch that may fail because the disk is full; after that, the rest of
/// the batch is refused without being tried.
constexpr int kFullMax = 3;

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

  void stop();
  InboxActivity current_activity() const;
  std::size_t probe_bytes() const;

  // The functions below run on a writer thread.
  void work_until_stopped(Writer& writer);
  void commit(Writer& writer);
  void commit_one_by_one(Writer& writer);
  [[nodiscard]] Connection::Result<void> write(Writer& writer, std::span<Work> batch);
  [[nodiscard]] Connection::Result<void> write_once(Writer& writer, std::span<Work> batch) noexcept;
  [[nodiscard]] Connection::Result<void> write_when_free(Writer& writer, std::span<Work> batch);
  void note_commit(std::span<const Work> batch, std::int64_t now_ms);
  void note_refused(std::span<const Work> batch);
  void note_failure(const Failure& failure) noexcept;

  void finish(const Writer& writer, std::span<Work> batch);
  static void notify_listeners(std::span<Work> batch);
  void wake_workers(const Writer& writer) noexcept;

  // Members that do not change after construction, so that any thread may read them without the
  // mutex.
  const InboxOptions options;
  const Clock clock;
  const FailureObserver on_failure;

  RequestQueue queue{options};

  base::Histogram<base::kWorkTimeBounds> commit_times;
  base::Histogram<base::kRowBounds> commit_rows;

  // Members that callers and writer threads share; the mutex protects them.
  mutable std::mutex mutex;
  InboxActivity activity;
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

void Inbox::Impl::stop() {
  queue.stop();
  std::call_once(joined, [this] {
    for (Writer& writer : writers) writer.thread.join();
  });
}

InboxActivity Inbox::Impl::current_activity() const {
  const std::size_t queued = queue.waiting();
  const auto waiting_since = queue.waiting_since();
  const std::lock_guard lock(mutex);
  InboxActivity current = activity;
  current.queued = queued;
  current.failing = health.failing();
  if (waiting_since) current.stalled_for = health.stalled_for(*waiting_since, SteadyClock::now());
  return current;
}

std::size_t Inbox::Impl::probe_bytes() const {
  const std::lock_guard lock(mutex);
  return health.probe_bytes();
}

void Inbox::Impl::work_until_stopped(Writer& writer) {
  pthread_setname_np(pthread_self(), "store-writer");
  for (queue.take(writer.batch); !writer.batch.empty(); queue.take(writer.batch)) commit(writer);
}

void Inbox::Impl::commit(Writer& writer) {
  const std::span<Work> batch = writer.batch;
  const auto written = write(writer, batch);
  if (written) return finish(writer, batch);
  const FailureCode code = written.error().code;
  const bool some_may_be_kept = code == FailureCode::kStatement || code == FailureCode::kFull;
  if (some_may_be_kept && batch.size() > 1) return commit_one_by_one(writer);
  note_refused(batch);
  notify_listeners(batch);
  queue.pause(options.failure_pause);
}

/// Commits each request of a batch in a transaction of its own. Called after the whole batch failed
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
      // Go on with the next request only if the database refused just this request, or if smaller
      // requests may still fit on the disk. Otherwise the store itself has failed, and the
      // remaining requests are refused without being tried.
      const bool goes_on = code == FailureCode::kStatement || others_may_fit;
      const auto refused = goes_on ? batch.subspan(i, 1) : batch.subspan(i);
      note_refused(refused);
      notify_listeners(refused);
      if (goes_on) continue;
      queue.pause(options.failure_pause);
      return;
    }
    finish(writer, batch.subspan(i, 1));
  }
}

/// Writes requests in one transaction, and runs the transaction again after a deadlock or
/// serialization failure. On failure, the outcome of each request is kFailed.
Connection::Result<void> Inbox::Impl::write(Writer& writer, std::span<Work> batch) {
  auto written = write_when_free(writer, batch);
  for (const milliseconds time : kConflictPauses) {
    if (written || written.error().code != FailureCode::kConflict) break;
    queue.pause(time);
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
         SteadyClock::now() < give_up_at && !queue.pause(options.failure_pause)) {
    written = write_once(writer, batch);
  }
  return written;
}

Connection::Result<void> Inbox::Impl::write_once(Writer& writer, std::span<Work> batch) noexcept {
  const auto begun = SteadyClock::now();
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
    commit_times.add(SteadyClock::now() - begun);
    commit_rows.add(batch.size());
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
    // failure.
  }
}

/// Ends requests that are committed: first each caller gets its result, because a sender waits for
/// the reply; then the workers are woken, if deliveries wait for them.
void Inbox::Impl::finish(const Writer& writer, std::span<Work> batch) {
  notify_listeners(batch);
  wake_workers(writer);
}

/// Gives the caller of each request its result, after the commit or the failure.
void Inbox::Impl::notify_listeners(std::span<Work> batch) {
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
    // Exceptions of the callback are ignored: the workers that make deliveries also look for new
    // deliveries periodically.
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
  return impl_->queue.push({.content = std::move(admission), .listener = std::move(listener)});
}

Inbox::Queued Inbox::quarantine(Quarantined&& quarantined,
                                std::shared_ptr<AdmitListener> listener) {
  return impl_->queue.push({.content = std::move(quarantined), .listener = std::move(listener)});
}

Inbox::Queued Inbox::probe(std::shared_ptr<AdmitListener> listener) {
  const Probe probe{.bytes = impl_->probe_bytes()};
  return impl_->queue.push({.content = probe, .listener = std::move(listener)});
}

void Inbox::stop() {
  impl_->stop();
}

InboxActivity Inbox::activity() const {
  return impl_->current_activity();
}

CommitHistograms Inbox::commit_histograms() const {
  return {impl_->commit_times.counts(), impl_->commit_rows.counts()};
}

}  // namespace couponhook::storage
