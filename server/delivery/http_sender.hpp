#pragma once

/// \file
/// Posts events to a merchant's own system.

#include <memory>
#include <mutex>
#include <vector>

#include "crypto/webhook_signer.hpp"
#include "base/clock.hpp"
#include "server/delivery/call_queue.hpp"
#include "server/delivery/http_outcome.hpp"
#include "server/net/http_client.hpp"

namespace couponhook::server {

/// What an http handler has in files.
struct HttpKeys {
  crypto::WebhookSigner signer;
  TlsContext tls;  ///< to verify the target with; null for plain http
};

struct HttpTarget {
  base::Url url;
  /// Exchanged when files change; holds null while they cannot be loaded: nothing is posted then.
  std::shared_ptr<Live<HttpKeys>> keys;
  AddressGuard guard;
  std::chrono::milliseconds timeout;  ///< from the look-up of the name to the end of the reply
  std::size_t reply_bytes_max;        ///< what is read of a reply; its status is all that counts
  int concurrency;                    ///< connections, each with one request at a time
};

/// Signed per Standard Webhooks, over connections that are kept for the next event. What is posted
/// is contract.md's "What the http handler sends".
class HttpSender final : public Sender {
 public:
  /// \param io runs on one thread; it and the other references must outlive this object, whose end
  ///   must find it run no more.
  HttpSender(asio::io_context& io, Deadlines& deadlines, Resolver& resolver, HttpTarget target,
             base::WallClock clock, CallListener& listener);
  ~HttpSender() override;

  void send(storage::ClaimedDelivery&& delivery, Urgency urgency) override;
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
  [[nodiscard]] ClientRequest request_for(const storage::ClaimedDelivery& delivery,
                                          std::chrono::system_clock::time_point now) const;

  asio::io_context& io_;
  Deadlines& deadlines_;
  Resolver& resolver_;
  HttpTarget target_;
  base::WallClock clock_;
  CallListener& listener_;
  CallQueue queue_;
  // Only touched on the io_context's thread.
  TlsContext tls_;  // of the idle clients, and of the next
  std::vector<std::unique_ptr<HttpClient>> idle_;
  int open_ = 0;  // clients, idle or busy
};

}  // namespace couponhook::server
