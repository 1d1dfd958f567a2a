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
        lane_size_(std::min<std::size_t>(plan.connections, plan.copies)),
        lanes_(std::max<std::size_t>(1, plan.connections / lane_size_)),
        queue_(plan, maker, next, 2 * lanes_.size(), [this] { wake_from_any_thread(); }) {}

  boost::system::result<Summary, ClientFailure> run();

 private:
  /// A group of connections that together send one burst (all copies of one notification), and then
  /// the next burst.
  struct Lane;

  /// A connection to the service, and the coroutine that sends copies of notifications over this
  /// connection.
  struct Worker {
    Worker(ClientLoop& loop, const SendPlan& plan, Lane& its_lane, std::size_t its_place)
        : client(loop.io(), loop.deadlines(), loop.resolver(), plan.to, plan.tls,
                 HttpClient::Options{plan.timeout, plan.timeout, 1 << 20}),
          wake(loop.io().get_executor(), Timer::time_point::max()),
          lane(its_lane),
          place(its_place) {}

    HttpClient client;
    Timer wake;
    Lane& lane;
    std::size_t place;  // index of the connection in its group of connections
  };

  struct Lane {
    std::vector<std::unique_ptr<Worker>> workers;
    std::optional<Burst> burst;
    std::vector<CopyResult> results;
    // Number of connections that are still sending copies of the current notification.
    std::size_t busy = 0;
    std::uint64_t burst_number = 0;
  };

  void wake_from_any_thread();
  void feed();
  void start_burst(Lane& lane, Burst burst);
  void finish_burst(Lane& lane);
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
  std::size_t lane_size_;
  std::vector<Lane> lanes_;
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
  not_connected_ = lanes_.size() * lane_size_;
  for (Lane& lane : lanes_) {
    for (std::size_t place = 0; place < lane_size_; ++place) {
      lane.workers.push_back(std::make_unique<Worker>(loop_, plan_, lane, place));
      loop_.spawn(work(*lane.workers.back()));
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
    for (Lane& lane : lanes_) {
      if (!lane.burst) {
        if (auto burst = queue_.take()) start_burst(lane, std::move(*burst));
      }
      all_idle = all_idle && !lane.burst;
    }
    if (all_idle && queue_.is_over()) stop();
  } catch (...) {
    failure_ = std::current_exception();
    stop();
  }
}

void BurstSender::start_burst(Lane& lane, Burst burst) {
  lane.results.assign(burst.copies.size(), CopyResult());
  lane.burst = std::move(burst);
  lane.busy = lane.workers.size();
  ++lane.burst_number;
  for (const auto& worker : lane.workers) worker->wake.cancel();
}

void BurstSender::finish_burst(Lane& lane) {
  const Burst burst = std::move(*lane.burst);
  lane.burst.reset();
  ++summary_.notifications;
  for (const CopyResult& result : lane.results) {
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
  take_(burst.outgoing, lane.results);
}

void BurstSender::stop() {
  stopped_ = true;
  for (const Lane& lane : lanes_) {
    for (const auto& worker : lane.workers) worker->wake.cancel();
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
        queue_.start(std::min(cores, lanes_.size()));
      } else {
        stop();
      }
    }
    std::uint64_t seen = 0;
    while (true) {
      while (!stopped_ && worker.lane.burst_number == seen)
        co_await worker.wake.async_wait(use_task);
      if (stopped_) co_return;
      seen = worker.lane.burst_number;
      co_await send_share(worker);
      if (--worker.lane.busy != 0) continue;
      finish_burst(worker.lane);
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
  Lane& lane = worker.lane;
  for (std::size_t i = worker.place; i < lane.results.size(); i += lane.workers.size()) {
    CopyResult result = co_await send_copy(worker, lane.burst->copies[i]);
    lane.results[i] = std::move(result);
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
