#include "server/delivery/http_sender.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/post.hpp>

#include "handlers/event_catalogue.hpp"
#include "handlers/webhook.hpp"
#include "server/delivery/http_outcome.hpp"

namespace couponhook::server {

using std::chrono::system_clock;

HttpSender::HttpSender(asio::io_context& io, Deadlines& deadlines, Resolver& resolver,
                       HttpTarget target, base::WallClock clock, CallListener& listener)
    : io_(io),
      deadlines_(deadlines),
      resolver_(resolver),
      target_(std::move(target)),
      clock_(std::move(clock)),
      listener_(listener) {}

HttpSender::~HttpSender() = default;

void HttpSender::send(storage::ClaimedDelivery&& delivery, Priority priority) {
  queue_.push(std::move(delivery), priority);
  asio::post(io_, [this] { begin(); });
}

void HttpSender::begin() {
  // An HTTP client keeps the TLS settings that it was made with, so new keys need new clients.
  if (const auto keys = target_.keys->get(); keys && keys->tls != tls_) {
    open_ -= static_cast<int>(idle_.size());
    idle_.clear();
    tls_ = keys->tls;
  }
  std::unique_ptr<HttpClient> client;
  if (!idle_.empty()) {
    // Takes the HTTP client that was used last: the target has probably not closed its connection
    // yet.
    client = std::move(idle_.back());
    idle_.pop_back();
  } else if (open_ < target_.concurrency) {
    const HttpClient::Options options{.connect_timeout = target_.timeout,
                                      .reply_timeout = target_.timeout,
                                      .reply_bytes_max = target_.reply_bytes_max,
                                      .total_timeout = target_.timeout,
                                      .status_is_enough = true,
                                      .guard = target_.guard};
    client = std::make_unique<HttpClient>(io_, deadlines_, resolver_, target_.url, tls_, options);
    ++open_;
  } else {
    return;  // The first HTTP client that becomes free takes the delivery from the queue.
  }
  asio::co_spawn(io_, post_all(std::move(client), tls_), [](std::exception_ptr failure) {
    if (failure) std::rethrow_exception(failure);
  });
}

bool HttpSender::has_keys(const TlsContext& tls) const {
  return target_.keys->get() != nullptr && (tls != nullptr || !target_.url.tls);
}

Task<void> HttpSender::post_all(std::unique_ptr<HttpClient> client, TlsContext tls) {
  while (tls == tls_) {
    auto delivery = queue_.try_pop();
    if (!delivery) break;
    const std::int64_t began_at_ms = base::to_unix_ms(clock_());
    const auto began = SteadyClock::now();
    HttpOutcome result{handlers::Retry{"an unexpected error", {}}, false};
    try {
      if (has_keys(tls)) {
        result = co_await post(*client, *delivery);
      } else {
        result = {
            handlers::Retry{
                "its secret_file or ca_file could not be loaded; see the log for the reason", {}},
            false};
      }
    } catch (const std::exception& error) {
      // Every delivery must be reported to the CallListener, even if posting the event threw an
      // exception.
      result = {handlers::Retry{std::string("an unexpected error: ") + error.what(), {}}, false};
    }
    const auto took =
        std::chrono::duration_cast<std::chrono::microseconds>(SteadyClock::now() - began);
    listener_.called({std::move(*delivery), std::move(result.outcome), result.target_answers,
                      began_at_ms, took.count()});
  }
  if (tls == tls_) {
    idle_.push_back(std::move(client));
  } else {
    --open_;
    begin();  // Sends the remaining deliveries of the queue with a new HTTP client.
  }
}

Task<HttpOutcome> HttpSender::post(HttpClient& client, const storage::ClaimedDelivery& delivery) {
  const ClientRequest request =
      webhook_request(target_.url, target_.keys->get()->signer, delivery, clock_());
  const auto reply = co_await client.send(request);
  if (!reply) co_return HttpOutcome{handlers::Retry{reply.error().text(), {}}, false};
  co_return outcome_of(reply->status, reply->retry_after, reply->body, clock_());
}

ClientRequest webhook_request(const base::Url& url, const crypto::WebhookSigner& signer,
                              const storage::ClaimedDelivery& delivery,
                              system_clock::time_point now) {
  // The body needs the parsed event only for the amounts of a refund. Other events are not parsed,
  // which saves time for each delivery.
  handlers::CouponEvent event = handlers::OtherEvent{};
  if (handlers::event_kind(delivery.event_type) == handlers::EventKind::kRefunded) {
    event = handlers::read_event(delivery.event_type, delivery.resource, {});
  }
  ClientRequest request("POST", url.target);
  request.body = handlers::webhook_body(as_event(delivery, event));
  const std::int64_t timestamp_s = base::to_unix_ms(now) / 1000;
  std::string signature = signer.sign(delivery.notification_id, timestamp_s, request.body);
  request.headers = {{"Content-Type", "application/json"},
                     {"webhook-id", delivery.notification_id},
                     {"webhook-timestamp", std::to_string(timestamp_s)},
                     {"webhook-signature", std::move(signature)}};
  return request;
}

}  // namespace couponhook::server
