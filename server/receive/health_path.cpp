#include "server/receive/health_path.hpp"

#include <memory>
#include <utility>

#include <boost/asio/post.hpp>
#include <boost/asio/this_coro.hpp>

#include "base/url.hpp"
#include "server/receive/result_wait.hpp"

namespace couponhook::server {
namespace {

/// Time for which an answer is used again.
constexpr std::chrono::milliseconds kAnswerHolds{500};
/// Longest wait for an answer. Load balancers usually give up after two seconds or more.
constexpr std::chrono::milliseconds kTimeout{1500};

/// The wait of one health check for the answer, which may come on any thread.
class ReadyWait final : public ResultWait<bool>, public std::enable_shared_from_this<ReadyWait> {
 public:
  using ResultWait::ResultWait;
  void answered(bool ready) {
    asio::post(executor_, [self = shared_from_this(), ready] { self->finish(ready); });
  }
};

}  // namespace

HealthPath::HealthPath(std::string path, RequestHandler& next, Ask ask, Now now)
    : path_(std::move(path)), next_(next), ask_(std::move(ask)), now_(std::move(now)) {}

bool HealthPath::is_at(std::string_view target) const {
  return !path_.empty() && base::path_of(target) == path_;
}

std::optional<Reply> HealthPath::refuse(std::string_view method, std::string_view target,
                                        std::string_view peer) const {
  if (!is_at(target)) return next_.refuse(method, target, peer);
  if (method == "GET" || method == "HEAD") return std::nullopt;
  Reply reply;
  reply.status = 405;
  reply.allow = "GET, HEAD";
  return reply;
}

Task<Reply> HealthPath::handle(const Request& request) {
  if (is_at(request.target)) co_return co_await answer();
  co_return co_await next_.handle(request);
}

Reply HealthPath::fault(HttpFault fault, std::string_view peer, std::string_view detail) {
  return next_.fault(fault, peer, detail);
}

/// Answers a health check. An answer is used again for half a second, because anybody can send
/// health checks, and they must cause little work.
Task<Reply> HealthPath::answer() {
  if (now_() >= holds_until_.load()) {
    const Executor executor = co_await asio::this_coro::executor;
    const auto wait = std::make_shared<ReadyWait>(executor);
    ask_([wait](bool ready) { wait->answered(ready); });
    const auto deadline = SteadyClock::now() + kTimeout;
    const auto ready = co_await wait->wait(deadline);
    is_ready_ = ready.value_or(false);
    holds_until_ = now_() + kAnswerHolds;
  }
  Reply reply;
  reply.status = is_ready_ ? 200 : 503;
  co_return reply;
}

}  // namespace couponhook::server
