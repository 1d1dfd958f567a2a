#pragma once

/// \file
/// Where notifications are committed: a queue, a writer thread, and one transaction for all who
/// wait.

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

/// Told when something it handed in has been committed, or has failed.
class AdmitListener {
 public:
  virtual ~AdmitListener() = default;
  /// Called once, on the writer's thread, after the commit: post what takes time elsewhere.
  virtual void admitted(AdmitOutcome outcome) noexcept = 0;
  /// Called before admitted(), on the writer's thread, with what was handed in: memory is cheaper
  /// to free on the thread that it comes from. May be ignored.
  virtual void give_back(Admission&& /*admission*/) noexcept {}
  /// Called before admitted(), on the writer's thread, where deliveries were asked for as leased
  /// and are: each is attempt 1, and in no other hands until its lease is over. One that
  /// is missing here waits for an earlier one of its ordering key.
  virtual void leased(std::vector<BornLeased>&& /*deliveries*/) noexcept {}
};

struct InboxOptions {
  std::size_t queue_max = 4096;  ///< what may wait; more is refused at once
  /// What may take up memory, waiting or being committed: a store that stalls keeps what nobody
  /// waits for any more. Something larger is taken where nothing else is there.
  std::size_t queue_bytes_max = std::size_t{64} << 20;
  std::size_t batch_max = 256;  ///< what one transaction takes
  /// How long a batch goes on trying while others hold the store. Whoever has had no reply by then
  /// has been told to send again, but what is committed late still counts.
  std::chrono::milliseconds busy_max{30'000};
  /// Pause before the next transaction after one has failed.
  std::chrono::milliseconds failure_pause{50};
  LeaseTerms lease_terms{};
  /// Called on the writer's thread after a commit that made deliveries which wait for a worker.
  std::function<void()> on_deliveries = nullptr;
};

/// What the writer has done since it started.
struct InboxActivity {
  std::uint64_t commits = 0;
  std::uint64_t rows = 0;  ///< admissions, copies and quarantined bodies, in all commits
  std::uint64_t failed_commits = 0;
  std::int64_t last_commit_ms = 0;  ///< 0: none yet
  std::size_t queued = 0;
  /// The last notification, or probe of a notification's size, failed, and none has been committed
  /// since.
  bool failing = false;
  /// For how long nothing has been committed, although something waits for it; nothing where
  /// nothing waits.
  std::optional<std::chrono::milliseconds> stalled_for = std::nullopt;
};

/// Group commit. Callers queue; a writer thread takes all that waits, sorts it by key, runs it in
/// one transaction, commits with full durability, and then tells every caller. Latency is that of
/// about one commit, cost a fraction of one. An engine that many can write to at once is given
/// several writers: while one waits for its commit, another takes what has come since.
///
/// A batch that fails on a statement is run again one by one, so that nothing can poison its
/// neighbours; one that fails on a deadlock or serialization failure is run again whole, a few
/// times; one that finds the store held by others waits for it; one that finds no room is run again
/// one by one, since a part of it may fit. Any other failure is told to all in it. Nothing is told
/// as committed that is not.
///
/// Thread-safe.
class Inbox {
 public:
  enum class Queued : std::uint8_t {
    kYes,      ///< the listener will be told
    kFull,     ///< queue_max or queue_bytes_max is reached; the listener will not be told
    kStopped,  ///< stop() was called; the listener will not be told
  };
  /// Milliseconds since the Unix epoch.
  using Clock = std::function<std::int64_t()>;
  /// Called on the writer's thread when a transaction fails, before the listeners are told.
  using FailureObserver = std::function<void(const Failure&)>;

  using Connections = std::vector<std::unique_ptr<Connection>>;

  /// Takes over connections whose schema is current, and starts a writer for each.
  Inbox(Connections connections, InboxOptions options, Clock clock, FailureObserver on_failure);
  /// With one writer.
  Inbox(std::unique_ptr<Connection> connection, InboxOptions options, Clock clock,
        FailureObserver on_failure);
  /// As stop().
  ~Inbox();
  Inbox(const Inbox&) = delete;
  Inbox& operator=(const Inbox&) = delete;

  [[nodiscard]] Queued admit(Admission&& admission, std::shared_ptr<AdmitListener> listener);
  [[nodiscard]] Queued quarantine(Quarantined&& quarantined,
                                  std::shared_ptr<AdmitListener> listener);
  /// Commits a row of its own, to know whether one can be committed now. After a notification has
  /// failed the row is larger than that was: a disk that is nearly full has room for a small one.
  [[nodiscard]] Queued probe(std::shared_ptr<AdmitListener> listener);

  /// Refuses newcomers, commits what is queued, tells its listeners, and ends the writers.
  void stop();

  [[nodiscard]] InboxActivity activity() const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace couponhook::storage
