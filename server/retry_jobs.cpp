#include "server/retry_jobs.hpp"

#include <algorithm>
#include <array>
#include <utility>
#include <vector>

#include <pthread.h>

namespace couponhook::server {
namespace {

constexpr std::size_t kJobsKept = 16;
constexpr std::int64_t kPageSize = 500;

/// States that are walked through for one filter. What is dead comes last: it is retrying once it
/// has been put back, and would be met a second time.
std::vector<std::string> states_of(const storage::DeliveryFilter& filter) {
  if (!filter.state.empty()) return {filter.state};
  return {"retrying", "dead"};
}

}  // namespace

std::string_view to_string(RetryJob::State state) {
  constexpr std::array<std::string_view, 6> kNames{"waiting", "counting",  "retrying",
                                                   "done",    "cancelled", "failed"};
  return kNames[static_cast<std::size_t>(state)];
}

RetryJobs::RetryJobs(storage::Reader reader, storage::DeliveryControl control, WallClock clock,
                     std::function<void()> on_retried)
    : reader_(std::move(reader)),
      control_(std::move(control)),
      clock_(std::move(clock)),
      on_retried_(std::move(on_retried)),
      thread_([this] { work(); }) {}

RetryJobs::~RetryJobs() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  changed_.notify_all();
  thread_.join();
}

std::optional<RetryJob> RetryJobs::start(storage::DeliveryFilter filter, bool dry_run) {
  const std::lock_guard lock(mutex_);
  if (entries_.size() == kJobsKept) {
    if (!entries_.front().job.over()) return std::nullopt;
    entries_.pop_front();
  }
  Entry& entry = entries_.emplace_back();
  entry.filter = std::move(filter);
  entry.job.id = ++last_id_;
  entry.job.dry_run = dry_run;
  changed_.notify_all();
  return entry.job;
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
  // Looked up anew each time: it may be forgotten meanwhile.
  const auto look = [&]() -> std::optional<RetryJob> {
    const auto entry = std::ranges::find(entries_, id, [](const Entry& e) { return e.job.id; });
    return entry == entries_.end() ? std::nullopt : std::optional(entry->job);
  };
  const auto over = [&] {
    const auto job = look();
    return !job || job->over();
  };
  changed_.wait_for(lock, time, over);
  return look();
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
      if (stopping_) return;
      next = &*std::ranges::find_if(entries_, waits);
      next->job.state = RetryJob::State::kCounting;
    }
    run(*next);
  }
}

template <typename Change>
void RetryJobs::update(Entry& entry, Change&& change) {
  const std::lock_guard lock(mutex_);
  change(entry.job);
  if (entry.job.over()) changed_.notify_all();
}

bool RetryJobs::fail(Entry& entry, const storage::Failure& failure) {
  update(entry, [&](RetryJob& job) {
    job.state = RetryJob::State::kFailed;
    job.error = failure.message;
  });
  return false;
}

template <typename OnPage>
bool RetryJobs::walk(Entry& entry, OnPage&& on_page) {
  storage::DeliveryFilter filter = entry.filter;
  filter.limit = kPageSize;
  for (const std::string& state : states_of(entry.filter)) {
    filter.state = state;
    filter.before_delivery.reset();
    do {
      {
        const std::lock_guard lock(mutex_);
        if (entry.cancelled || stopping_) {
          entry.job.state = RetryJob::State::kCancelled;
          changed_.notify_all();
          return false;
        }
      }
      const auto page = reader_.deliveries(filter);
      if (!page) return fail(entry, page.error());
      if (!page->items.empty() && !on_page(*page)) return false;
      filter.before_delivery = page->next_before_delivery;
    } while (filter.before_delivery);
  }
  return true;
}

void RetryJobs::run(Entry& entry) {
  const bool counted = walk(entry, [&](const storage::DeliveryPage& page) {
    update(entry, [&](RetryJob& job) { job.matched += std::ssize(page.items); });
    return true;
  });
  if (!counted) return;
  if (entry.job.dry_run) {
    return update(entry, [](RetryJob& job) { job.state = RetryJob::State::kDone; });
  }
  update(entry, [](RetryJob& job) { job.state = RetryJob::State::kRetrying; });
  const bool retried = walk(entry, [&](const storage::DeliveryPage& page) {
    std::vector<std::int64_t> ids;
    for (const storage::DeliveryRecord& record : page.items) ids.push_back(record.delivery_id);
    // The order in which everybody changes them.
    std::ranges::sort(ids);
    const auto results = control_.retry(ids, to_unix_ms(clock_()));
    if (!results) return fail(entry, results.error());
    const auto done = std::ranges::count(*results, storage::ControlResult::kDone);
    update(entry, [&](RetryJob& job) {
      job.looked_at += std::ssize(ids);
      job.retried += done;
    });
    on_retried_();
    return true;
  });
  if (retried) update(entry, [](RetryJob& job) { job.state = RetryJob::State::kDone; });
}

}  // namespace couponhook::server
