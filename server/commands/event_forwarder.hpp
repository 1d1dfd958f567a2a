#pragma once

/// \file
/// Posts events of the command `listen` to a developer's own back end, as an http handler does.

#include <chrono>
#include <filesystem>
#include <memory>
#include <string>
#include <string_view>

#include <boost/system/result.hpp>

#include "crypto/webhook_signer.hpp"
#include "server/commands/command_line.hpp"
#include "server/net/http_client.hpp"

namespace couponhook::server {

struct ForwardOptions {
  std::string url;  ///< empty: events are not posted
  std::filesystem::path secret_file;
  std::filesystem::path ca_file;
};

/// The answer of a developer's back end to one event.
struct ForwardResult {
  unsigned status = 0;  ///< status of the reply; 0 if there was none
  std::chrono::milliseconds took{0};
  std::string error;  ///< why there was no reply
};

/// Posts events to one URL, signed according to Standard Webhooks. Not thread-safe.
class EventForwarder {
 public:
  /// Time that the back end has for its reply. A developer may stop at a breakpoint meanwhile.
  static constexpr std::chrono::seconds kTimeout{30};

  /// Makes a forwarder without connecting to the URL. Prints a fresh secret on the error stream if
  /// the options name no secret file.
  /// \param loop must outlive the forwarder.
  /// \return the forwarder, or what is wrong with the options.
  [[nodiscard]] static boost::system::result<EventForwarder, Problem> make(
      const ForwardOptions& options, ClientLoop& loop, Runtime& runtime);

  /// Posts one event, and waits for the reply.
  /// \param notification the reply of GET /notifications/{id}, a valid JSON object.
  [[nodiscard]] ForwardResult post(std::string_view notification);

  [[nodiscard]] const std::string& url() const { return text_; }

 private:
  EventForwarder(std::string text, base::Url url, TlsContext tls, crypto::WebhookSigner signer,
                 ClientLoop& loop, base::WallClock clock);

  std::string text_;
  base::Url url_;
  crypto::WebhookSigner signer_;
  ClientLoop& loop_;
  base::WallClock clock_;
  std::unique_ptr<HttpClient> client_;
};

}  // namespace couponhook::server
