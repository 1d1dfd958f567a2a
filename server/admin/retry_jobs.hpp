#pragma once

/// \file
/// Putting back, moving or dropping many deliveries, in the background.

#include <condition_variable>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "base/clock.hpp"
#include "storage/delivery_control.hpp"
#include "storage/reader.hpp"

namespace couponhook::server {

/// What an operator wants done with the deliveries that a filter matches.
struct DeliveryOrder {
  enum class Kind : std::uint8_t {
    kRetry,  ///< make them now
    kMove,   ///< give them to another handler, which makes them now
    kSkip,   ///< drop them
  };

  Kind kind = Kind::kRetry;
  std::string to{};      ///< of kMove: the handler
  std::string reason{};  ///< of kSkip
};

/// How far an order by filter is.
struct RetryJob {
  enum class State : std::uint8_t { kWaiting, kCounting, kRetrying, kDone, kCancelled, kFailed };

  std::int64_t id = 0;
  State state = State::kWaiting;
  DeliveryOrder order;
  bool dry_run = false;
  std::int64_t matched = 0;    ///< counted before any is touched
  std::int64_t looked_at = 0;  ///< of those matched
  /// Put back, moved or dropped: fewer than looked at where some were being made, or have ended.
  std::int64_t done = 0;
  /// Of a move: dropped, since the other handler has a delivery of the notification.
  std::int64_t already_there = 0;
  /// Of a retry: not matched, since no handler of theirs is configured and nobody would make them.
  std::int64_t unclaimed = 0;
  std::string error;

  [[nodiscard]] bool over() const { return state >= State::kDone; }
};
[[nodiscard]] std::string_view to_string(RetryJob::State state);

/// Counts what a filter matches and does what was ordered, a page at a time, one job after the
/// other, on a thread of its own. Jobs are known until as many newer ones have come as are kept, or
/// the process ends; what has been done by then stays done. Thread-safe.
///
/// A move takes the oldest first, so that no later delivery of a coupon is made before an earlier
/// one has moved; a drop takes the newest first, so that none becomes due while its turn comes.
class RetryJobs {
 public:
  /// What one job may match; more needs a narrower filter.
  static constexpr std::size_t kMatchedMax = 5'000'000;

  /// \param served handlers that deliveries are made to.
  /// \param on_retried called when a page is done, on the thread.
  RetryJobs(storage::Reader reader, storage::DeliveryControl control, base::WallClock clock,
            std::vector<std::string> served, std::function<void()> on_retried);
  /// Cancels what is left.
  ~RetryJobs();
  RetryJobs(const RetryJobs&) = delete;
  RetryJobs& operator=(const RetryJobs&) = delete;

  /// \param filter without state: those dead and those that wait for their next attempt; for moves
  ///   and drops, those pending too.
  /// \return nothing where too many wait.
  [[nodiscard]] std::optional<RetryJob> start(storage::DeliveryFilter filter, bool dry_run,
                                              DeliveryOrder order = {});
  [[nodiscard]] std::optional<RetryJob> find(std::int64_t id) const;
  /// \return the job as it is; it stops after the page at hand.
  std::optional<RetryJob> cancel(std::int64_t id);

  /// Waits until it is over, or the time is.
  [[nodiscard]] std::optional<RetryJob> wait(std::int64_t id, std::chrono::milliseconds time) const;

 private:
  struct Entry {
    RetryJob job;
    storage::DeliveryFilter filter;
    bool cancelled = false;
  };

  void work();
  void run(Entry& entry);
  /// Collects what the filter matches, in order. \return nothing where it ended early.
  std::optional<std::vector<std::int64_t>> match(Entry& entry);
  bool collect(Entry& entry, const storage::DeliveryPage& page, std::vector<std::int64_t>& ids);
  /// \param ids in the order of their numbers, in which everybody changes them.
  bool carry_out(Entry& entry, std::span<const std::int64_t> ids);
  bool is_cancelled(Entry& entry);
  template <typename Change>
  void update(Entry& entry, Change&& change);
  bool fail(Entry& entry, const storage::Failure& failure);
  [[nodiscard]] Entry* entry_of(std::int64_t id);

  storage::Reader reader_;
  storage::DeliveryControl control_;
  base::WallClock clock_;
  std::vector<std::string> served_;
  std::function<void()> on_retried_;

  mutable std::mutex mutex_;
  mutable std::condition_variable changed_;
  std::deque<Entry> entries_;  ///< oldest first; references to them stay good
  std::int64_t last_id_ = 0;
  bool stopping_ = false;

  std::thread thread_;  ///< last, since it uses all of the above
};

}  // namespace couponhook::server
