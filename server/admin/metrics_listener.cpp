#include "server/admin/metrics_listener.hpp"

#include <chrono>
#include <utility>

#include <boost/asio/post.hpp>
#include <boost/asio/this_coro.hpp>

#include "base/url.hpp"
#include "server/admin/admin_reply.hpp"
#include "server/admin/metrics.hpp"
#include "server/verdict/verdict.hpp"

namespace couponhook::server {
namespace {

constexpr std::string_view kMetricsPath = "/metrics";
/// Longest wait for the metrics. Prometheus gives up after 10 s by default.
constexpr std::chrono::seconds kReadTimeout{8};

}  // namespace

/// One reading of the metrics, for all requests that wait for it. Used on the listener's thread,
/// except done().
class MetricsListener::Reading : public std::enable_shared_from_this<MetricsListener::Reading> {
 public:
  explicit Reading(Executor executor) : executor_(std::move(executor)) {}

  /// Sets the text. Thread-safe.
  void done(std::string text) {
    asio::post(executor_, [self = shared_from_this(), text = std::move(text)]() mutable {
      self->text_ = std::move(text);
      for (Timer* const timer : self->waiting_) timer->cancel();
    });
  }
  [[nodiscard]] bool is_finished() const { return text_.has_value(); }
  /// Waits for the text. \return nothing if it does not come in time.
  Task<std::optional<std::string>> wait() {
    if (text_) co_return text_;
    Timer timer(executor_);
    timer.expires_after(kReadTimeout);
    waiting_.push_back(&timer);
    co_await timer.async_wait(use_task);
    std::erase(waiting_, &timer);
    co_return text_;
  }

 private:
  const Executor executor_;
  std::optional<std::string> text_;
  std::vector<Timer*> waiting_;
};

std::optional<Reply> MetricsListener::refuse(std::string_view method, std::string_view target,
                                             std::string_view) const {
  const bool reads = method == "GET" || method == "HEAD";
  if (reads && base::path_of(target) == kMetricsPath) return std::nullopt;
  return error(404, "NOT_FOUND", "this port serves only GET /metrics");
}

Task<Reply> MetricsListener::handle(const Request&) {
  if (!reading_ || reading_->is_finished()) {
    const Executor executor = co_await asio::this_coro::executor;
    reading_ = std::make_shared<Reading>(executor);
    const auto done = [reading = reading_](std::string text) { reading->done(std::move(text)); };
    read_(done);
  }
  const std::shared_ptr<Reading> reading = reading_;
  auto text = co_await reading->wait();
  // A reading that does not end must not be the answer to later requests too.
  if (!text && reading_ == reading) reading_ = nullptr;
  if (!text || text->empty()) {
    Reply failed = error(503, "METRICS_UNAVAILABLE", "the metrics could not be read in time");
    co_return failed;
  }
  Reply reply;
  reply.status = 200;
  reply.content_type = kMetricsType;
  reply.body = std::move(*text);
  co_return reply;
}

Reply MetricsListener::fault(HttpFault fault, std::string_view, std::string_view detail) {
  return reply_for(verdict_for(fault), 200, detail);
}

}  // namespace couponhook::server
