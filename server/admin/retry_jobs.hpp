#pragma once

/// \file
/// Background jobs that retry, move or skip many deliveries for an operator.

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

#include <boost/system/result.hpp>

#include "base/clock.hpp"
#include "storage/delivery_control.hpp"
#include "storage/reader.hpp"

namespace couponhook::server {

/// Action of an operator on all deliveries that a filter matches: retry, move or skip.
struct DeliveryOrder {
  enum class Kind : std::uint8_t {
    /// Retry: the deliveries are made again, now.
    kRetry,
    /// Move: the deliveries are given to another handler, and are made now.
    kMove,
    /// Skip: the deliveries are dropped without a call of the handler.
    kSkip,
  };

  Kind kind = Kind::kRetry;
  /// Only for kMove: name of the handler to which the deliveries are moved.
  std::string to{};
  /// Reason that the operator gave; only kSkip needs one.
  std::string reason{};
  /// The order in the audit log, without its result. Not set for a dry run.
  storage::AuditRecord record{};
};
/// Returns the name of the action in the audit log: "retry", "move" or "skip".
[[nodiscard]] std::string_view to_string(DeliveryOrder::Kind kind);

/// State and progress of one job that retries, moves or skips many deliveries.
struct RetryJob {
  enum class State : std::uint8_t { kWaiting, kCounting, kRetrying, kDone, kCancelled, kFailed };

  std::int64_t id = 0;
  State state = State::kWaiting;
  DeliveryOrder order;
  bool dry_run = false;
  /// Id of the dry run whose deliveries this job takes; empty if the job takes all deliveries that
  /// match its filter.
  std::optional<std::int64_t> plan;
  /// Only with `plan`: number of deliveries that the dry run found. It is larger than `matched` if
  /// some of them no longer match the filter.
  std::int64_t planned = 0;
  /// Number of deliveries that match the filter. The job counts these deliveries before it changes
  /// any delivery.
  std::int64_t matched = 0;
  /// Number of matching deliveries that the job has processed so far.
  std::int64_t looked_at = 0;
  /// Number of deliveries that were retried, moved or skipped. The number is smaller than
  /// `looked_at` if some deliveries were being made at that moment, or had already ended.
  std::int64_t done = 0;
  /// Only for kMove: number of deliveries that were dropped, because the other handler already has
  /// a delivery of the same notification.
  std::int64_t already_there = 0;
  /// Only for kRetry: number of deliveries that were left out, because their handler is not
  /// configured and nobody would make them.
  std::int64_t unclaimed = 0;
  std::string error;

  [[nodiscard]] bool over() const { return state >= State::kDone; }
};
[[nodiscard]] std::string_view to_string(RetryJob::State state);

/// The deliveries that a finished dry run found, and what is to be done with them.
struct RetryPlan {
  std::int64_t id = 0;  ///< id of the dry run
  storage::DeliveryFilter filter;
  DeliveryOrder order;
  std::shared_ptr<const std::vector<std::int64_t>> deliveries;  ///< their ids, in ascending order
};

/// Runs the jobs of operators (retry, move or skip many deliveries), one job after the other, on
/// its own thread. A job first counts the deliveries that match its filter, then processes them
/// page by page. The object remembers the last 16 jobs until the process ends. If a job is
/// interrupted, the pages that it has already processed stay changed.
///
/// A dry run is also a plan: a later job may take exactly the deliveries that the dry run counted,
/// less those that no longer match. So an operator never changes a delivery that was not counted.
///
/// A move starts with the oldest delivery, so that a coupon's later delivery is never made before
/// its earlier delivery has moved. A skip starts with the newest delivery: if an earlier delivery
/// was dropped first, a later delivery of the same coupon could start.
class RetryJobs {
 public:
  /// Largest number of deliveries that one job may match. For more deliveries, the operator must
  /// use a narrower filter.
  static constexpr std::size_t kMatchedMax = 5'000'000;

  /// \param served names of the handlers that receive deliveries.
  /// \param on_retried function that is called, on the thread of this object, after each page of
  ///   deliveries that a job has changed.
  /// \param on_over function that is called with each job that is about to be over, except dry
  ///   runs, before find() and wait() say so. On the thread of this object. May be empty.
  RetryJobs(storage::Reader reader, storage::DeliveryControl control, base::WallClock clock,
            std::vector<std::string> served, std::function<void()> on_retried,
            std::function<void(const RetryJob&)> on_over = nullptr);
  /// Cancels all unfinished jobs and waits for the thread.
  ~RetryJobs();
  RetryJobs(const RetryJobs&) = delete;
  RetryJobs& operator=(const RetryJobs&) = delete;

  /// Reasons why a plan cannot be carried out.
  enum class PlanError : std::uint8_t {
    kUnknown,     ///< no dry run with this id is remembered, or its deliveries are not any more
    kUnfinished,  ///< the dry run is still counting, or failed, or was cancelled
  };

  /// Returns true if start() would return nothing, because too many jobs are waiting.
  [[nodiscard]] bool is_full() const;
  /// Adds a job to the queue.
  /// \param filter selects the deliveries. If the filter names no state, a retry matches retrying
  ///   and dead deliveries; a move or skip matches pending deliveries too.
  /// \param dry_run true if the job only counts the matching deliveries, and changes none.
  /// \param plan if given, the job takes the deliveries of this plan that still match the filter,
  ///   and no others.
  /// \return the job; nothing when too many jobs are waiting.
  [[nodiscard]] std::optional<RetryJob> start(storage::DeliveryFilter filter, bool dry_run,
                                              DeliveryOrder order = {},
                                              const std::optional<RetryPlan>& plan = {});
  /// Returns the plan that the dry run with this id made.
  [[nodiscard]] boost::system::result<RetryPlan, PlanError> plan(std::int64_t id) const;
  /// Returns the job with this id; nothing when no job has this id, or when the list no longer
  /// contains the job.
  [[nodiscard]] std::optional<RetryJob> find(std::int64_t id) const;
  /// Cancels a job. The job stops after the page of deliveries that it is processing.
  /// \return the current state of the job; nothing when no job has this id.
  std::optional<RetryJob> cancel(std::int64_t id);

  /// Waits until the job has ended, but no longer than `time`. Returns the job; nothing when no job
  /// has this id.
  [[nodiscard]] std::optional<RetryJob> wait(std::int64_t id, std::chrono::milliseconds time) const;

 private:
  struct Entry {
    RetryJob job;
    storage::DeliveryFilter filter;
    bool cancelled = false;
    /// Ids of the deliveries that a finished dry run found, in ascending order. A job that carries
    /// out the dry run has them too. Null for other jobs, and for old plans that keep_plan()
    /// forgot.
    std::shared_ptr<const std::vector<std::int64_t>> planned{};
  };

  void work();
  void run(Entry& entry);
  /// Collects the ids of all deliveries that match the job's filter, in ascending order.
  /// \return the ids; nothing when the job failed or was cancelled.
  std::optional<std::vector<std::int64_t>> match(Entry& entry);
  bool collect(Entry& entry, const storage::DeliveryPage& page, std::vector<std::int64_t>& ids);
  /// Retries, moves or skips one page of deliveries.
  /// \param ids ids of the deliveries, in ascending order. All writers change deliveries in this
  ///   order, so that two writers cannot deadlock.
  /// \return false if the store failed; the job has then failed too.
  bool carry_out(Entry& entry, std::span<const std::int64_t> ids);
  /// Ends a dry run, and remembers the deliveries that it found.
  void keep_plan(Entry& entry, std::vector<std::int64_t> ids);
  bool is_cancelled(Entry& entry);
  /// Ends a job, after on_over_ was called.
  void end(Entry& entry, RetryJob::State state, std::string error = {});
  void end_waiting();
  template <typename Change>
  void update(Entry& entry, Change&& change);
  bool fail(Entry& entry, const storage::Failure& failure);
  [[nodiscard]] Entry* entry_of(std::int64_t id);

  storage::Reader reader_;
  storage::DeliveryControl control_;
  base::WallClock clock_;
  std::vector<std::string> served_;
  std::function<void()> on_retried_;
  std::function<void(const RetryJob&)> on_over_;

  mutable std::mutex mutex_;
  mutable std::condition_variable changed_;
  /// The last jobs, oldest first. A deque, because references to its elements stay valid when jobs
  /// are added.
  std::deque<Entry> entries_;
  std::int64_t last_id_ = 0;
  bool stopping_ = false;

  std::thread thread_;  ///< declared last, because the thread uses all other members
};

}  // namespace couponhook::server
