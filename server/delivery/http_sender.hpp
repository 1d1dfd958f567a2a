#pragma once

/// \file
/// The http handler: posts events to a merchant's own system.

#include <memory>
#include <mutex>
#include <vector>

#include "base/clock.hpp"
#include "base/live.hpp"
#include "crypto/webhook_signer.hpp"
#include "server/delivery/call_queue.hpp"
#include "server/delivery/http_outcome.hpp"
#include "server/net/http_client.hpp"

namespace couponhook::server {

/// Keys of an http handler, loaded from files.
struct HttpKeys {
  crypto::WebhookSigner signer;
  TlsContext tls;  ///< TLS settings that verify the target's certificate; null for plain HTTP
};

/// URL, keys and limits of an http handler's target.
struct HttpTarget {
  base::Url url;
  /// Keys of the target, replaced if their files change. Null if the files could not be loaded;
  /// then no event is posted.
  std::shared_ptr<base::Live<HttpKeys>> keys;
  AddressGuard guard;
  /// Time limit of one call of the target, from the DNS look-up to the end of the reply.
  std::chrono::milliseconds timeout;
  /// Limit of the bytes that are read from the target's reply. Only the status of the reply decides
  /// the outcome.
  std::size_t reply_bytes_max;
  /// Number of connections to the target, each with one request at a time.
  int concurrency;
};

/// Makes the request that posts an event to a URL: the webhook body, signed according to Standard
/// Webhooks.
[[nodiscard]] ClientRequest webhook_request(const base::Url& url,
                                            const crypto::WebhookSigner& signer,
                                            const storage::ClaimedDelivery& delivery,
                                            std::chrono::system_clock::time_point now);

/// Posts events to a URL as described in docs/handlers.md, signed according to Standard Webhooks.
/// Connections are kept open for the next event.
class HttpSender final : public Sender {
 public:
  /// Makes a sender (the object that posts events) without connecting to the target.
  /// \param io must run on one thread, and must have stopped when the sender is destroyed. All
  ///   arguments passed by reference must outlive the sender.
  HttpSender(asio::io_context& io, Deadlines& deadlines, Resolver& resolver, HttpTarget target,
             base::WallClock clock, CallListener& listener);
  ~HttpSender() override;

  void send(storage::ClaimedDelivery&& delivery, Priority priority) override;
  [[nodiscard]] std::vector<storage::ClaimedDelivery> take_back() override {
    return queue_.take_all();
  }
  [[nodiscard]] bool take_back(std::int64_t delivery_id) override {
    return queue_.take(delivery_id);
  }

 private:
  void begin();
  Task<void> post_all(std::unique_ptr<HttpClient> client, TlsContext tls);
  [[nodiscard]] bool has_keys(const TlsContext& tls) const;
  Task<HttpOutcome> post(HttpClient& client, const storage::ClaimedDelivery& delivery);

  asio::io_context& io_;
  Deadlines& deadlines_;
  Resolver& resolver_;
  HttpTarget target_;
  base::WallClock clock_;
  CallListener& listener_;
  CallQueue queue_;
  // The members below are used only on the io_context's thread.
  TlsContext tls_;  // TLS settings of the idle clients and of the next client
  std::vector<std::unique_ptr<HttpClient>> idle_;
  int open_ = 0;  // number of HTTP clients, idle or busy
};

}  // namespace couponhook::server
