#pragma once

/// \file
/// Inbox of notifications: a bounded queue and writer threads, which commit many requests in one
/// transaction (group commit).

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "storage/connection.hpp"
#include "storage/records.hpp"

namespace couponhook::storage {

/// Receives the outcome of a request to the Inbox.
class AdmitListener {
 public:
  virtual ~AdmitListener() = default;
  /// Called once, on a writer thread, after the commit or the failure. Do long work on another
  /// thread.
  virtual void admitted(AdmitOutcome outcome) noexcept = 0;
  /// Called before admitted(), on a writer thread, with the admission that was handed in: freeing
  /// memory is cheaper on the thread that allocated it. May be ignored.
  virtual void give_back(Admission&& /*admission*/) noexcept {}
  /// Called before admitted(), on a writer thread, if deliveries were asked for with a lease and
  /// some got one. Each of them is at attempt 1, and no other replica makes it before its lease
  /// ends. A delivery that is missing here waits for an earlier one of its ordering key, or is
  /// paused.
  virtual void leased(std::vector<LeasedDelivery>&& /*deliveries*/) noexcept {}
};

struct InboxOptions {
  std::size_t queue_max = 4096;  ///< requests that may wait; further ones are refused at once
  /// Bytes that requests may use while they wait or are being committed. The limit is needed
  /// because a store that stalls keeps requests whose senders have given up. A request larger than
  /// the limit is accepted if nothing else is in memory.
  std::size_t queue_bytes_max = std::size_t{64} << 20;
  std::size_t batch_max = 256;  ///< requests in one transaction at most
  /// Time for which a batch is tried again while other writers hold the store. The senders get an
  /// error reply earlier and send again, but a late commit still counts.
  std::chrono::milliseconds busy_max{30'000};
  /// Pause before the next transaction after one has failed.
  std::chrono::milliseconds failure_pause{50};
  LeaseTerms lease_terms{};
  /// Called on a writer thread after a commit that created deliveries without a lease, which wait
  /// for a worker.
  std::function<void()> on_deliveries = nullptr;
};

/// Activity of the writers since the start.
struct InboxActivity {
  std::uint64_t commits = 0;
  std::uint64_t rows = 0;  ///< in all commits: admissions, copies, quarantined bodies, probes
  std::uint64_t failed_commits = 0;
  std::int64_t last_commit_ms = 0;  ///< milliseconds since the Unix epoch; 0: none yet
  std::size_t queued = 0;
  /// True if a notification, or a probe of a notification's size, could not be committed, and none
  /// has been committed since.
  bool failing = false;
  /// Time without any commit while requests wait for one; nothing if no request waits.
  std::optional<std::chrono::milliseconds> stalled_for = std::nullopt;
};

/// Inbox with group commit. Callers queue requests. A writer thread takes all waiting requests,
/// sorts them by key, runs them in one transaction, commits with full durability, and then notifies
/// every caller. The latency is about that of one commit, and the cost of a commit is shared. If
/// the engine allows several writers at a time, there are several writer threads: while one waits
/// for its commit, another takes the next requests.
///
/// Errors of a batch:
/// - A refused statement, or no space left: the batch is run again one request at a time, so that
/// one request cannot make its neighbours fail, and so that the part that fits is stored.
/// - A deadlock or serialization failure: the whole batch is run again, a few times.
/// - A store that other writers hold: the batch waits for it.
/// - Any other failure is reported to every caller of the batch.
///
/// Success is reported only after the commit.
///
/// Thread-safe.
class Inbox {
 public:
  enum class Queued : std::uint8_t {
    kYes,   ///< accepted: the listener will be called
    kFull,  ///< refused: queue_max or queue_bytes_max is reached; the listener will not be called
    kStopped,  ///< refused: stop() was called; the listener will not be called
  };
  /// Returns the current time in milliseconds since the Unix epoch.
  using Clock = std::function<std::int64_t()>;
  /// Called on a writer thread when a transaction has failed, before the listeners are called.
  using FailureObserver = std::function<void(const Failure&)>;

  using Connections = std::vector<std::unique_ptr<Connection>>;

  /// Takes ownership of connections whose schema is current, and starts one writer thread for each.
  Inbox(Connections connections, InboxOptions options, Clock clock, FailureObserver on_failure);
  /// Takes ownership of one connection whose schema is current, and starts one writer thread.
  Inbox(std::unique_ptr<Connection> connection, InboxOptions options, Clock clock,
        FailureObserver on_failure);
  /// Calls stop().
  ~Inbox();
  Inbox(const Inbox&) = delete;
  Inbox& operator=(const Inbox&) = delete;

  [[nodiscard]] Queued admit(Admission&& admission, std::shared_ptr<AdmitListener> listener);
  [[nodiscard]] Queued quarantine(Quarantined&& quarantined,
                                  std::shared_ptr<AdmitListener> listener);
  /// Commits a small row, to test whether a commit is possible now. After a notification could not
  /// be stored, the row is larger than that notification: a nearly full disk still has room for a
  /// small row.
  [[nodiscard]] Queued probe(std::shared_ptr<AdmitListener> listener);

  /// Refuses new requests, commits the queued ones, calls their listeners, and ends the writer
  /// threads.
  void stop();

  [[nodiscard]] InboxActivity activity() const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace couponhook::storage
