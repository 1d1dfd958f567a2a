#include "sandbox/local/sender.hpp"

#include <algorithm>
#include <exception>
#include <memory>
#include <ostream>
#include <thread>

#include <rapidjson/document.h>
#include <boost/asio/post.hpp>

#include "sandbox/local/burst_queue.hpp"
#include "server/net/http_client.hpp"

namespace couponhook::server {
namespace {

bool is_success(unsigned status) {
  return status == 200 || status == 204;
}

/// Returns the value of "code" in the body of an error reply; empty if the body has no code.
std::string code_in(const std::string& body) {
  rapidjson::Document document;
  document.Parse<rapidjson::kParseIterativeFlag>(body.data(), body.size());
  if (document.HasParseError() || !document.IsObject()) return "";
  const auto code = document.FindMember("code");
  return code != document.MemberEnd() && code->value.IsString() ? code->value.GetString() : "";
}

/// Sends the notifications of a SendPlan. The threads of BurstQueue sign the notifications; the
/// thread of the event loop does all other work.
class BurstSender {
 public:
  BurstSender(const SendPlan& plan, const NotificationMaker& maker, const NextOutgoing& next,
              const TakeResults& take, base::ProgressDisplay display)
      : plan_(plan),
        take_(take),
        progress_timer_(loop_.io().get_executor()),
        progress_(display, "sent", plan.notifications * plan.copies),
        group_size_(std::min<std::size_t>(plan.connections, plan.copies)),
        groups_(std::max<std::size_t>(1, plan.connections / group_size_)),
        queue_(plan, maker, next, 2 * groups_.size(), [this] { wake_from_any_thread(); }) {}

  boost::system::result<Summary, ClientFailure> run();

 private:
  /// A group of connections that together send one burst (all copies of one notification), and then
  /// the next burst.
  struct Group;

  /// A connection to the service, and the coroutine that sends copies of notifications over this
  /// connection.
  struct Worker {
    Worker(ClientLoop& loop, const SendPlan& plan, Group& its_group, std::size_t its_position)
        : client(loop.io(), loop.deadlines(), loop.resolver(), plan.to, plan.tls,
                 HttpClient::Options{plan.timeout, plan.timeout, 1 << 20}),
          wake(loop.io().get_executor(), Timer::time_point::max()),
          group(its_group),
          position(its_position) {}

    HttpClient client;
    Timer wake;
    Group& group;
    std::size_t position;  // index of the connection in its group of connections
  };

  struct Group {
    std::vector<std::unique_ptr<Worker>> workers;
    std::optional<Burst> burst;
    std::vector<CopyResult> results;
    // Number of connections that are still sending copies of the current notification.
    std::size_t busy = 0;
    std::uint64_t burst_number = 0;
  };

  void wake_from_any_thread();
  void feed();
  void start_burst(Group& group, Burst burst);
  void finish_burst(Group& group);
  void stop();

  Task<void> work(Worker& worker);
  Task<void> send_share(Worker& worker);
  Task<CopyResult> send_copy(Worker& worker, SignedNotification& copy);
  Task<void> show_progress();

  const SendPlan& plan_;
  const TakeResults& take_;
  // C++ destroys members from the last to the first. The timers and sockets are declared after the
  // event loop that they use, so they are destroyed before it.
  ClientLoop loop_;
  Timer progress_timer_;
  base::Progress progress_;
  std::size_t group_size_;
  std::vector<Group> groups_;
  std::size_t not_connected_ = 0;
  std::optional<ClientFailure> connect_error_;
  bool stopped_ = false;
  std::exception_ptr failure_;
  SteadyClock::time_point begun_;
  Summary summary_;
  // The queue of signed notifications is the last member, so that its signing threads end before
  // other members are destroyed.
  BurstQueue queue_;
};

boost::system::result<Summary, ClientFailure> BurstSender::run() {
  not_connected_ = groups_.size() * group_size_;
  for (Group& group : groups_) {
    for (std::size_t position = 0; position < group_size_; ++position) {
      group.workers.push_back(std::make_unique<Worker>(loop_, plan_, group, position));
      loop_.spawn(work(*group.workers.back()));
    }
  }
  loop_.spawn(show_progress());
  loop_.run();
  progress_.clear();
  if (failure_) std::rethrow_exception(failure_);
  if (connect_error_) return *connect_error_;
  summary_.duration =
      std::chrono::duration_cast<std::chrono::microseconds>(SteadyClock::now() - begun_);
  return std::move(summary_);
}

void BurstSender::wake_from_any_thread() {
  asio::post(loop_.io(), [this] { feed(); });
}

/// Gives signed bursts (all copies of one notification) to groups of connections that are free.
void BurstSender::feed() {
  if (stopped_) return;
  try {
    bool all_idle = true;
    for (Group& group : groups_) {
      if (!group.burst) {
        if (auto burst = queue_.take()) start_burst(group, std::move(*burst));
      }
      all_idle = all_idle && !group.burst;
    }
    if (all_idle && queue_.is_over()) stop();
  } catch (...) {
    failure_ = std::current_exception();
    stop();
  }
}

void BurstSender::start_burst(Group& group, Burst burst) {
  group.results.assign(burst.copies.size(), CopyResult());
  group.burst = std::move(burst);
  group.busy = group.workers.size();
  ++group.burst_number;
  for (const auto& worker : group.workers) worker->wake.cancel();
}

void BurstSender::finish_burst(Group& group) {
  const Burst burst = std::move(*group.burst);
  group.burst.reset();
  ++summary_.notifications;
  for (const CopyResult& result : group.results) {
    ++summary_.copies;
    if (!result.is_as_expected(burst.outgoing.expected)) ++summary_.unexpected;
    if (result.status == 0) {
      ++summary_.connection_errors;
      continue;
    }
    ++summary_.by_status[result.status];
    if (!result.detail.empty()) ++summary_.by_code[result.detail];
    summary_.latencies.add(result.latency);
  }
  take_(burst.outgoing, group.results);
}

void BurstSender::stop() {
  stopped_ = true;
  for (const Group& group : groups_) {
    for (const auto& worker : group.workers) worker->wake.cancel();
  }
  progress_timer_.cancel();
}

Task<void> BurstSender::work(Worker& worker) {
  try {
    const auto connected = co_await worker.client.connect();
    if (!connected && !connect_error_) connect_error_ = connected.error();
    if (--not_connected_ == 0) {
      if (!connect_error_) {
        begun_ = SteadyClock::now();
        const std::size_t cores = std::max(1U, std::thread::hardware_concurrency());
        queue_.start(std::min(cores, groups_.size()));
      } else {
        stop();
      }
    }
    std::uint64_t seen = 0;
    while (true) {
      while (!stopped_ && worker.group.burst_number == seen)
        co_await worker.wake.async_wait(use_task);
      if (stopped_) co_return;
      seen = worker.group.burst_number;
      co_await send_share(worker);
      if (--worker.group.busy != 0) continue;
      finish_burst(worker.group);
      feed();
    }
  } catch (...) {
    failure_ = std::current_exception();
    stop();
  }
}

/// Sends the copies of a notification that belong to one connection: one copy, or more if there are
/// more copies than connections in the group.
Task<void> BurstSender::send_share(Worker& worker) {
  Group& group = worker.group;
  for (std::size_t i = worker.position; i < group.results.size(); i += group.workers.size()) {
    CopyResult result = co_await send_copy(worker, group.burst->copies[i]);
    group.results[i] = std::move(result);
    progress_.advance();
  }
}

Task<CopyResult> BurstSender::send_copy(Worker& worker, SignedNotification& copy) {
  ClientRequest request("POST", plan_.to.target);
  request.headers = std::move(copy.headers);
  request.body = std::move(copy.body);
  const auto begun = SteadyClock::now();
  const auto reply = co_await worker.client.send(request);
  CopyResult result;
  result.latency =
      std::chrono::duration_cast<std::chrono::microseconds>(SteadyClock::now() - begun);
  if (!reply) {
    result.detail = reply.error().text();
  } else {
    result.status = reply->status;
    if (!is_success(reply->status)) result.detail = code_in(reply->body);
  }
  co_return result;
}

Task<void> BurstSender::show_progress() {
  while (!stopped_) {
    progress_timer_.expires_after(progress_.interval());
    const auto [ec] = co_await progress_timer_.async_wait(use_task);
    if (!ec && not_connected_ == 0) progress_.show();
  }
}

}  // namespace

bool CopyResult::is_as_expected(unsigned expected) const {
  return status == expected || (is_success(status) && is_success(expected));
}

boost::system::result<Summary, ClientFailure> send_all(const SendPlan& plan,
                                                       const NotificationMaker& maker,
                                                       const NextOutgoing& next,
                                                       const TakeResults& take,
                                                       base::ProgressDisplay progress) {
  return BurstSender(plan, maker, next, take, progress).run();
}

}  // namespace couponhook::server
