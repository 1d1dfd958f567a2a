#pragma once

/// \file
/// Background jobs that retry, move or skip many deliveries.

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

/// Action of an operator on all deliveries that a filter matches.
struct DeliveryOrder {
  enum class Kind : std::uint8_t {
    kRetry,  ///< retry the deliveries now
    kMove,   ///< give them to another handler, which is called now
    kSkip,   ///< drop them without calling the handler
  };

  Kind kind = Kind::kRetry;
  std::string to{};      ///< kMove: name of the other handler
  std::string reason{};  ///< kSkip: reason given by the operator
};

/// State and progress of one job.
struct RetryJob {
  enum class State : std::uint8_t { kWaiting, kCounting, kRetrying, kDone, kCancelled, kFailed };

  std::int64_t id = 0;
  State state = State::kWaiting;
  DeliveryOrder order;
  bool dry_run = false;
  std::int64_t matched = 0;    ///< deliveries that match, counted before any is changed
  std::int64_t looked_at = 0;  ///< matching deliveries that were processed so far
  /// Deliveries that were retried, moved or skipped. Smaller than `looked_at` if some were being
  /// delivered at that moment, or had already ended.
  std::int64_t done = 0;
  /// kMove: deliveries that were dropped, because the other handler already has a delivery of the
  /// same notification.
  std::int64_t already_there = 0;
  /// kRetry: deliveries that were left out, because their handler is not configured and nobody
  /// would deliver them.
  std::int64_t unclaimed = 0;
  std::string error;

  [[nodiscard]] bool over() const { return state >= State::kDone; }
};
[[nodiscard]] std::string_view to_string(RetryJob::State state);

/// Runs jobs one after the other on its own thread. A job first counts the deliveries that match
/// its filter, then processes them page by page. The last 16 jobs are remembered until the process
/// ends. A job that is cut short leaves the pages that it has processed as they are. Thread-safe.
///
/// A move starts with the oldest delivery, so that a coupon's later delivery is never made before
/// its earlier one has moved. A skip starts with the newest delivery: if an earlier one was dropped
/// first, a later one of the same coupon could become due and be delivered.
class RetryJobs {
 public:
  /// Largest number of deliveries that one job may match. More need a narrower filter.
  static constexpr std::size_t kMatchedMax = 5'000'000;

  /// \param served names of the handlers that receive deliveries.
  /// \param on_retried called after each page, on the thread of this object.
  RetryJobs(storage::Reader reader, storage::DeliveryControl control, base::WallClock clock,
            std::vector<std::string> served, std::function<void()> on_retried);
  /// Cancels all unfinished jobs.
  ~RetryJobs();
  RetryJobs(const RetryJobs&) = delete;
  RetryJobs& operator=(const RetryJobs&) = delete;

  /// Queues a job.
  /// \param filter without a state, a retry matches retrying and dead deliveries; a move or skip
  ///   matches pending ones too.
  /// \return the job; nothing when too many jobs are waiting.
  [[nodiscard]] std::optional<RetryJob> start(storage::DeliveryFilter filter, bool dry_run,
                                              DeliveryOrder order = {});
  /// \return the job; nothing when the id is not known, or no longer.
  [[nodiscard]] std::optional<RetryJob> find(std::int64_t id) const;
  /// Cancels a job, which stops after its current page.
  /// \return the job as it is now; nothing when the id is not known.
  std::optional<RetryJob> cancel(std::int64_t id);

  /// Waits until the job has ended, for at most `time`.
  [[nodiscard]] std::optional<RetryJob> wait(std::int64_t id, std::chrono::milliseconds time) const;

 private:
  struct Entry {
    RetryJob job;
    storage::DeliveryFilter filter;
    bool cancelled = false;
  };

  void work();
  void run(Entry& entry);
  /// Collects the ids of all matching deliveries, in ascending order.
  /// \return nothing when the job ended early.
  std::optional<std::vector<std::int64_t>> match(Entry& entry);
  bool collect(Entry& entry, const storage::DeliveryPage& page, std::vector<std::int64_t>& ids);
  /// \param ids in ascending order, in which all writers change deliveries, so that no two of them
  ///   deadlock.
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
  std::deque<Entry> entries_;  ///< oldest first; references to elements stay valid
  std::int64_t last_id_ = 0;
  bool stopping_ = false;

  std::thread thread_;  ///< last member, because the thread uses all others
};

}  // namespace couponhook::server
