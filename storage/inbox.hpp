#pragma once

/// \file
/// Inbox, which stores notifications: it has a bounded queue, and writer threads that commit many
/// requests in one transaction (group commit).

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/histogram.hpp"
#include "storage/connection.hpp"
#include "storage/records.hpp"

namespace couponhook::storage {

/// Result of one request to the Inbox.
struct AdmitResult {
  AdmitOutcome outcome = AdmitOutcome::kFailed;
  /// The notification that the caller queued, given back because freeing its memory is cheaper on
  /// the thread that allocated it. Empty for other requests.
  Admission admission;
  /// The deliveries that the caller asked to make itself (NewDelivery::leased) and that were
  /// created with a lease. Each is at attempt 1, and no other replica makes it before its lease
  /// ends. A requested delivery that is missing here waits for an earlier one of its coupon, or is
  /// paused.
  std::vector<LeasedDelivery> leased;
};

/// Receives the result of one request to the Inbox. The code that queues a request implements this
/// interface.
class AdmitListener {
 public:
  virtual ~AdmitListener() = default;
  /// Called once for the request, on a writer thread, after the commit or the failure. Do long work
  /// on another thread, because the writer thread is needed for the next commit.
  virtual void admitted(AdmitResult&& result) noexcept = 0;
};

struct InboxOptions {
  /// Number of requests that may wait; further requests are refused at once.
  std::size_t queue_max = 4096;
  /// Bytes of memory that requests may use while they wait or are being committed. The limit is
  /// needed because, while the store stalls, the requests of senders that have given up stay in
  /// memory. A request larger than the limit is accepted if no other request is in memory.
  std::size_t queue_bytes_max = std::size_t{64} << 20;
  std::size_t batch_max = 256;  ///< largest number of requests in one transaction
  /// Time for which a batch is tried again while another writer holds the store. WeChat Pay gets an
  /// error reply before this time has passed, and sends the notification again, but a late commit
  /// still counts.
  std::chrono::milliseconds busy_max{30'000};
  /// Pause of a writer thread after a failed transaction, before the next transaction.
  std::chrono::milliseconds failure_pause{50};
  LeaseTerms lease_terms{};
  /// Called on a writer thread after a commit that created deliveries without a lease. Use it to
  /// wake the workers that make deliveries.
  std::function<void()> on_deliveries = nullptr;
};

/// Activity of the Inbox's writer threads since the start, for status and metrics.
struct InboxActivity {
  std::uint64_t commits = 0;
  /// Number of rows written by all commits: notifications, copies, quarantined bodies, test rows.
  std::uint64_t rows = 0;
  std::uint64_t failed_commits = 0;
  /// Time of the last commit in milliseconds since the Unix epoch; 0: no commit yet.
  std::int64_t last_commit_ms = 0;
  std::size_t queued = 0;
  /// True if a notification, or a test row of the size of a notification, could not be committed,
  /// and since then no row of that size has been committed.
  bool failing = false;
  /// Time since the last commit while requests wait to be committed; nothing if no request waits.
  std::optional<std::chrono::milliseconds> stalled_for = std::nullopt;
};

/// Histograms of the Inbox's commits since the start, for metrics.
struct CommitHistograms {
  /// Time of each successful transaction, from its begin to the end of its commit, in microseconds.
  base::HistogramCounts times;
  base::HistogramCounts rows;  ///< number of requests in each of these transactions
};

/// Stores notifications with group commit. Callers queue requests. A writer thread takes all
/// waiting requests, sorts them by key, writes them in one transaction, commits with full
/// durability, and then tells every caller the outcome. The latency is about that of one commit,
/// and all requests of the batch share the cost of that commit. If the database allows several
/// writers at a time, there are several writer threads: while one waits for its commit, another
/// takes the next requests.
///
/// If a batch fails:
/// - The database refuses a statement, or no space is left: the batch is run again one request at a
/// time, so that one bad request cannot make the others fail, and so that the requests that fit are
/// stored.
/// - Deadlock or serialization failure: the whole batch is run again, a few times.
/// - Another writer holds the store: the batch is tried again until InboxOptions::busy_max has
/// passed.
/// - Any other failure: every caller of the batch gets the outcome kFailed.
///
/// Success is reported only after the commit.
///
/// Thread-safe.
class Inbox {
 public:
  enum class Queued : std::uint8_t {
    kYes,  ///< the request was accepted: its AdmitListener will be called
    /// The request was refused because queue_max or queue_bytes_max is reached; its AdmitListener
    /// is not called.
    kFull,
    /// The request was refused because stop() was called; its AdmitListener is not called.
    kStopped,
  };
  /// Function that returns the current time in milliseconds since the Unix epoch.
  using Clock = std::function<std::int64_t()>;
  /// Function that is called on a writer thread when a transaction has failed, before the listeners
  /// are called. Used for the log.
  using FailureObserver = std::function<void(const Failure&)>;

  using Connections = std::vector<std::unique_ptr<Connection>>;

  /// Takes ownership of database connections whose schema is current, and starts one writer thread
  /// for each connection.
  Inbox(Connections connections, InboxOptions options, Clock clock, FailureObserver on_failure);
  /// Takes ownership of one database connection whose schema is current, and starts one writer
  /// thread.
  Inbox(std::unique_ptr<Connection> connection, InboxOptions options, Clock clock,
        FailureObserver on_failure);
  /// Calls stop(), which commits the queued requests and ends the writer threads.
  ~Inbox();
  Inbox(const Inbox&) = delete;
  Inbox& operator=(const Inbox&) = delete;

  [[nodiscard]] Queued admit(Admission&& admission, std::shared_ptr<AdmitListener> listener);
  [[nodiscard]] Queued quarantine(Quarantined&& quarantined,
                                  std::shared_ptr<AdmitListener> listener);
  /// Queues a test row, which shows whether the store can commit now. After a notification could
  /// not be stored, the test row is larger than that notification, because a nearly full disk still
  /// has room for a small row.
  [[nodiscard]] Queued probe(std::shared_ptr<AdmitListener> listener);

  /// Refuses new requests, commits the queued requests, calls their listeners, and ends the writer
  /// threads. Returns when all of this is done.
  void stop();

  [[nodiscard]] InboxActivity activity() const;
  [[nodiscard]] CommitHistograms commit_histograms() const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace couponhook::storage
