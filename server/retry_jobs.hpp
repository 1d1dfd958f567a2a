#pragma once

/// \file
/// Putting many deliveries back, in the background.

#include <condition_variable>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <thread>

#include "server/clock.hpp"
#include "storage/delivery_control.hpp"
#include "storage/reader.hpp"

namespace couponhook::server {

/// How far a retry by filter is.
struct RetryJob {
  enum class State : std::uint8_t { kWaiting, kCounting, kRetrying, kDone, kCancelled, kFailed };

  std::int64_t id = 0;
  State state = State::kWaiting;
  bool dry_run = false;
  std::int64_t matched = 0;    ///< counted before any is put back
  std::int64_t looked_at = 0;  ///< of those matched
  std::int64_t retried = 0;    ///< fewer than looked at where some were being made, or have ended
  std::string error;

  [[nodiscard]] bool over() const { return state >= State::kDone; }
};
[[nodiscard]] std::string_view to_string(RetryJob::State state);

/// Counts what a filter matches and puts it back, a page at a time, one job after the other, on a
/// thread of its own. Jobs are known until as many newer ones have come as are kept, or the process
/// ends; what has been put back by then stays put back. Thread-safe.
class RetryJobs {
 public:
  /// \param on_retried called when a page has been put back, on the thread.
  RetryJobs(storage::Reader reader, storage::DeliveryControl control, WallClock clock,
            std::function<void()> on_retried);
  /// Cancels what is left.
  ~RetryJobs();
  RetryJobs(const RetryJobs&) = delete;
  RetryJobs& operator=(const RetryJobs&) = delete;

  /// \param filter without state: those dead and those that wait for their next attempt.
  /// \return nothing where too many wait.
  [[nodiscard]] std::optional<RetryJob> start(storage::DeliveryFilter filter, bool dry_run);
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
  /// Calls `on_page` for each page that the filter matches. \return false where it ended early.
  template <typename OnPage>
  bool walk(Entry& entry, OnPage&& on_page);
  template <typename Change>
  void update(Entry& entry, Change&& change);
  bool fail(Entry& entry, const storage::Failure& failure);
  [[nodiscard]] Entry* entry_of(std::int64_t id);

  storage::Reader reader_;
  storage::DeliveryControl control_;
  WallClock clock_;
  std::function<void()> on_retried_;

  mutable std::mutex mutex_;
  mutable std::condition_variable changed_;
  std::deque<Entry> entries_;  ///< oldest first; references to them stay good
  std::int64_t last_id_ = 0;
  bool stopping_ = false;

  std::thread thread_;  ///< last, since it uses all of the above
};

}  // namespace couponhook::server
