#include "sandbox/notification_sender.hpp"

#include <boost/asio/post.hpp>

namespace couponhook::server::sandbox {
namespace {

// Time for which WeChat Pay, and so the sandbox, waits for the reply to a notification.
constexpr std::chrono::milliseconds kTimeout{5000};
constexpr std::chrono::hours kNothingKnown{1};
constexpr std::size_t kReplyBytesMax = 1 << 20;

}  // namespace

/// One connection to a receiver of notifications. deliver() opens a new connection if the next
/// notification must be sent to another URL.
struct NotificationSender::Path {
  explicit Path(asio::io_context& io) : wake(io.get_executor(), Timer::time_point::max()) {}

  Timer wake;
  std::string url;
  std::string target;
  std::unique_ptr<HttpClient> client;
};

NotificationSender::NotificationSender(SharedPlatform& platform, std::size_t connections,
                                       TlsContext tls)
    : platform_(platform), tls_(std::move(tls)) {
  for (std::size_t i = 0; i < connections; ++i) {
    paths_.push_back(std::make_unique<Path>(loop_.io()));
    loop_.spawn(carry(*paths_.back()));
  }
  thread_ = std::thread([this] { loop_.run(); });
}

NotificationSender::~NotificationSender() {
  stopping_ = true;
  wake();
  thread_.join();
}

void NotificationSender::wake() {
  asio::post(loop_.io(), [this] {
    for (const auto& path : paths_) path->wake.cancel();
  });
}

Task<void> NotificationSender::carry(Path& path) {
  while (!stopping_) {
    path.wake.expires_after(kNothingKnown);
    const std::optional<CopyToSend> to_send = platform_.take_copy();
    if (to_send) {
      const unsigned status = co_await deliver(path, *to_send);
      platform_.finish_copy(to_send->copy, status);
      continue;
    }
    if (const auto wait = platform_.until_next_copy()) path.wake.expires_after(*wait);
    co_await path.wake.async_wait(use_task);
  }
}

/// Sends one copy of a notification.
/// \return the HTTP status of the receiver's reply; 0 if no reply came in time or the notification
///   URL cannot be used.
Task<unsigned> NotificationSender::deliver(Path& path, const CopyToSend& to_send) {
  if (path.url != to_send.url) {
    path.client.reset();
    path.url = to_send.url;
    const auto url = base::parse_url(to_send.url);
    if (!url || (url->tls && tls_ == nullptr)) co_return 0;
    path.target = url->target;
    HttpClient::Options options;
    options.total_timeout = kTimeout;
    options.reply_bytes_max = kReplyBytesMax;
    path.client = std::make_unique<HttpClient>(loop_.io(), loop_.deadlines(), loop_.resolver(),
                                               *url, tls_, options);
  }
  if (path.client == nullptr) co_return 0;
  SignedNotification notification = to_send.maker->make(to_send.draft, to_send.copy.bad);
  ClientRequest request("POST", path.target);
  request.headers = std::move(notification.headers);
  request.body = std::move(notification.body);
  const auto reply = co_await path.client->send(request);
  co_return reply ? reply->status : 0;
}

}  // namespace couponhook::server::sandbox
