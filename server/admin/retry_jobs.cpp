#include "server/admin/retry_jobs.hpp"

#include <algorithm>
#include <array>
#include <iterator>
#include <utility>
#include <vector>

#include <pthread.h>

namespace couponhook::server {
namespace {

constexpr std::size_t kJobsKept = 16;
constexpr std::int64_t kPageSize = 500;

/// Returns the delivery states that a job searches, if its filter names no state. Pending
/// deliveries have not failed and will be made in their turn. So a retry includes pending
/// deliveries only if the filter asks for this state.
std::vector<std::string> states_of(const storage::DeliveryFilter& filter,
                                   DeliveryOrder::Kind kind) {
  if (!filter.state.empty()) return {filter.state};
  if (kind == DeliveryOrder::Kind::kRetry) return {"retrying", "dead"};
  return {"pending", "retrying", "dead"};
}

}  // namespace

std::string_view to_string(RetryJob::State state) {
  constexpr std::array<std::string_view, 6> kNames{"waiting", "counting",  "retrying",
                                                   "done",    "cancelled", "failed"};
  return kNames[static_cast<std::size_t>(state)];
}

std::string_view to_string(DeliveryOrder::Kind kind) {
  constexpr std::array<std::string_view, 3> kNames{"retry", "move", "skip"};
  return kNames[static_cast<std::size_t>(kind)];
}

RetryJobs::RetryJobs(storage::Reader reader, storage::DeliveryControl control,
                     base::WallClock clock, std::vector<std::string> served,
                     std::function<void()> on_retried, std::function<void(const RetryJob&)> on_over)
    : reader_(std::move(reader)),
      control_(std::move(control)),
      clock_(std::move(clock)),
      served_(std::move(served)),
      on_retried_(std::move(on_retried)),
      on_over_(std::move(on_over)),
      thread_([this] { work(); }) {}

RetryJobs::~RetryJobs() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  changed_.notify_all();
  thread_.join();
}

bool RetryJobs::is_full() const {
  const std::lock_guard lock(mutex_);
  return entries_.size() == kJobsKept && !entries_.front().job.over();
}

std::optional<RetryJob> RetryJobs::start(storage::DeliveryFilter filter, bool dry_run,
                                         DeliveryOrder order,
                                         const std::optional<RetryPlan>& plan) {
  const std::lock_guard lock(mutex_);
  if (entries_.size() == kJobsKept) {
    if (!entries_.front().job.over()) return std::nullopt;
    entries_.pop_front();
  }
  Entry& entry = entries_.emplace_back();
  entry.filter = std::move(filter);
  entry.job.id = ++last_id_;
  entry.job.dry_run = dry_run;
  entry.job.order = std::move(order);
  if (plan) {
    entry.planned = plan->deliveries;
    entry.job.plan = plan->id;
    entry.job.planned = std::ssize(*plan->deliveries);
  }
  changed_.notify_all();
  return entry.job;
}

boost::system::result<RetryPlan, RetryJobs::PlanError> RetryJobs::plan(std::int64_t id) const {
  const std::lock_guard lock(mutex_);
  const auto dry_run = std::ranges::find(entries_, id, [](const Entry& e) { return e.job.id; });
  if (dry_run == entries_.end() || !dry_run->job.dry_run) return PlanError::kUnknown;
  if (dry_run->job.state != RetryJob::State::kDone) return PlanError::kUnfinished;
  if (!dry_run->planned) return PlanError::kUnknown;
  return RetryPlan{id, dry_run->filter, dry_run->job.order, dry_run->planned};
}

RetryJobs::Entry* RetryJobs::entry_of(std::int64_t id) {
  const auto entry = std::ranges::find(entries_, id, [](const Entry& e) { return e.job.id; });
  return entry == entries_.end() ? nullptr : &*entry;
}

std::optional<RetryJob> RetryJobs::find(std::int64_t id) const {
  return wait(id, std::chrono::milliseconds(0));
}

std::optional<RetryJob> RetryJobs::wait(std::int64_t id, std::chrono::milliseconds time) const {
  std::unique_lock lock(mutex_);
  // Search for the job by its id each time: while the mutex was released, the list may have dropped
  // this job to make room for a new one.
  const auto current_job = [&]() -> std::optional<RetryJob> {
    const auto entry = std::ranges::find(entries_, id, [](const Entry& e) { return e.job.id; });
    return entry == entries_.end() ? std::nullopt : std::optional(entry->job);
  };
  const auto over = [&] {
    const auto job = current_job();
    return !job || job->over();
  };
  changed_.wait_for(lock, time, over);
  return current_job();
}

std::optional<RetryJob> RetryJobs::cancel(std::int64_t id) {
  const std::lock_guard lock(mutex_);
  Entry* entry = entry_of(id);
  if (entry == nullptr) return std::nullopt;
  entry->cancelled = true;
  return entry->job;
}

void RetryJobs::work() {
  pthread_setname_np(pthread_self(), "retry-jobs");
  while (true) {
    Entry* next = nullptr;
    {
      std::unique_lock lock(mutex_);
      const auto waits = [](const Entry& e) { return e.job.state == RetryJob::State::kWaiting; };
      changed_.wait(lock, [&] { return stopping_ || std::ranges::any_of(entries_, waits); });
      if (stopping_) break;
      next = &*std::ranges::find_if(entries_, waits);
      next->job.state = RetryJob::State::kCounting;
    }
    run(*next);
  }
  end_waiting();
}

/// Ends the jobs that have not begun, when the service stops. No other thread adds jobs then.
void RetryJobs::end_waiting() {
  for (Entry& entry : entries_) {
    if (!entry.job.over()) end(entry, RetryJob::State::kCancelled);
  }
}

template <typename Change>
void RetryJobs::update(Entry& entry, Change&& change) {
  const std::lock_guard lock(mutex_);
  change(entry.job);
}

void RetryJobs::end(Entry& entry, RetryJob::State state, std::string error) {
  // Only this thread changes a job, so it may be read without the lock.
  RetryJob job = entry.job;
  job.state = state;
  job.error = std::move(error);
  if (on_over_ && !job.dry_run) on_over_(job);
  update(entry, [&](RetryJob& into) { into = std::move(job); });
  changed_.notify_all();
}

bool RetryJobs::fail(Entry& entry, const storage::Failure& failure) {
  end(entry, RetryJob::State::kFailed, failure.message);
  return false;
}

bool RetryJobs::is_cancelled(Entry& entry) {
  {
    const std::lock_guard lock(mutex_);
    if (!entry.cancelled && !stopping_) return false;
  }
  end(entry, RetryJob::State::kCancelled);
  return true;
}

bool RetryJobs::collect(Entry& entry, const storage::DeliveryPage& page,
                        std::vector<std::int64_t>& ids) {
  std::int64_t unclaimed = 0;
  for (const storage::DeliveryRecord& record : page.items) {
    const bool is_served = std::ranges::find(served_, record.handler) != served_.end();
    if (is_served || entry.job.order.kind != DeliveryOrder::Kind::kRetry) {
      ids.push_back(record.delivery_id);
    } else {
      ++unclaimed;
    }
  }
  update(entry, [&](RetryJob& job) {
    job.matched = std::ssize(ids);
    job.unclaimed += unclaimed;
  });
  if (ids.size() <= kMatchedMax) return true;
  return fail(entry, {storage::FailureCode::kStatement,
                      "more than " + std::to_string(kMatchedMax) +
                          " deliveries match: name a shorter time (since, until)"});
}

std::optional<std::vector<std::int64_t>> RetryJobs::match(Entry& entry) {
  std::vector<std::int64_t> ids;
  storage::DeliveryFilter filter = entry.filter;
  filter.limit = kPageSize;
  for (const std::string& state : states_of(entry.filter, entry.job.order.kind)) {
    filter.state = state;
    filter.before_delivery.reset();
    do {
      if (is_cancelled(entry)) return std::nullopt;
      const auto page = reader_.deliveries(filter);
      if (!page) {
        fail(entry, page.error());
        return std::nullopt;
      }
      if (!collect(entry, *page, ids)) return std::nullopt;
      filter.before_delivery = page->next_before_delivery;
    } while (filter.before_delivery);
  }
  // Remove duplicate ids: a delivery that changed its state during the search may have been found
  // twice.
  std::ranges::sort(ids);
  const auto twice = std::ranges::unique(ids);
  ids.erase(twice.begin(), twice.end());
  update(entry, [&](RetryJob& job) { job.matched = std::ssize(ids); });
  return ids;
}

void RetryJobs::keep_plan(Entry& entry, std::vector<std::int64_t> ids) {
  const std::lock_guard lock(mutex_);
  std::size_t kept = ids.size();
  entry.planned = std::make_shared<const std::vector<std::int64_t>>(std::move(ids));
  entry.job.state = RetryJob::State::kDone;
  // Forget the oldest plans, so that all plans together need no more memory than the largest one.
  for (auto older = entries_.rbegin(); older != entries_.rend(); ++older) {
    if (&*older == &entry || !older->planned || !older->job.dry_run) continue;
    kept += older->planned->size();
    if (kept > kMatchedMax) older->planned.reset();
  }
  changed_.notify_all();
}

bool RetryJobs::carry_out(Entry& entry, std::span<const std::int64_t> ids) {
  const DeliveryOrder& order = entry.job.order;
  const std::int64_t now_ms = base::to_unix_ms(clock_());
  auto results = order.kind == DeliveryOrder::Kind::kMove ? control_.move(ids, order.to, now_ms)
                 : order.kind == DeliveryOrder::Kind::kSkip
                     ? control_.skip(ids, order.reason, now_ms)
                     : control_.retry(ids, now_ms);
  if (!results) return fail(entry, results.error());
  update(entry, [&](RetryJob& job) {
    job.looked_at += std::ssize(ids);
    job.done += std::ranges::count(*results, storage::ControlResult::kDone);
    job.already_there += std::ranges::count(*results, storage::ControlResult::kAlreadyThere);
  });
  on_retried_();
  return true;
}

void RetryJobs::run(Entry& entry) {
  auto matched = match(entry);
  if (!matched) return;
  if (entry.job.dry_run) return keep_plan(entry, std::move(*matched));
  if (entry.planned) {
    std::vector<std::int64_t> both;
    std::ranges::set_intersection(*matched, *entry.planned, std::back_inserter(both));
    *matched = std::move(both);
  }
  update(entry, [&](RetryJob& job) {
    job.matched = std::ssize(*matched);
    job.state = RetryJob::State::kRetrying;
  });
  const bool newest_first = entry.job.order.kind == DeliveryOrder::Kind::kSkip;
  std::span<const std::int64_t> left(*matched);
  while (!left.empty()) {
    if (is_cancelled(entry)) return;
    const std::size_t size = std::min<std::size_t>(kPageSize, left.size());
    const auto page = newest_first ? left.last(size) : left.first(size);
    left = newest_first ? left.first(left.size() - size) : left.subspan(size);
    if (!carry_out(entry, page)) return;
  }
  end(entry, RetryJob::State::kDone);
}

}  // namespace couponhook::server
