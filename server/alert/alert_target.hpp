#pragma once

/// \file
/// The receiver of alerts with its files, and the requests that are sent to it.

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <boost/system/result.hpp>

#include "base/url.hpp"
#include "crypto/secret.hpp"
#include "crypto/webhook_signer.hpp"
#include "server/alert/robot_answer.hpp"
#include "server/alert/told_causes.hpp"
#include "server/config/config.hpp"
#include "server/net/deadlines.hpp"
#include "server/net/http_client.hpp"
#include "server/net/resolve.hpp"
#include "server/net/task.hpp"
#include "server/net/tls_context.hpp"

namespace couponhook::server {

/// URL, key and TLS settings of one receiver, read from its files.
struct AlertTarget {
  AlertType type = AlertType::kHttp;
  base::Url url;                                ///< a credential: never log it
  crypto::Secret secret;                        ///< key of a robot's signature; empty: none
  std::optional<crypto::WebhookSigner> signer;  ///< of a receiver of type http
  TlsContext tls;                               ///< null for plain HTTP
};

/// Reads the files of one [[alert]]. They are read for each message, so that a new URL or key is
/// used at once.
/// \return the receiver; or the problem, with the key in `where` and no part of the URL.
[[nodiscard]] boost::system::result<AlertTarget, Problem> load_alert_target(
    const AlertConfig& config);

/// Checks the files of all [[alert]] tables. Adds what is wrong to `problems`, each with its reload
/// unit: an alert that cannot be sent does not keep the service from receiving.
void check_alert_files(const Config& config, std::vector<Problem>& problems);
/// Checks the files of one [[alert]].
/// \param number its place in the configuration, from 1.
[[nodiscard]] std::vector<Problem> check_alert_file(const Config& config, std::size_t number);

/// Makes the request with a text for a group robot.
[[nodiscard]] ClientRequest robot_post(const AlertTarget& target, std::string_view text,
                                       std::int64_t unix_ms);

/// The replica that sends an alert, for the JSON of receivers of type http, and its language.
struct AlertSource {
  std::string replica;
  AlertLanguage language = AlertLanguage::kZh;
};
/// Makes the request with one item for a receiver of type http: JSON, signed by Standard Webhooks
/// if the receiver has a secret. A repeated request has the same webhook-id.
[[nodiscard]] ClientRequest http_post(const AlertTarget& target, const AlertItem& item,
                                      const AlertSource& source, std::int64_t unix_ms);
/// Makes the request with which a user tries a receiver of type http.
[[nodiscard]] ClientRequest http_test_post(const AlertTarget& target, const AlertSource& source,
                                           std::int64_t unix_ms);

/// The thread's network objects, which a request needs. All must outlive the request.
struct AlertNetwork {
  asio::io_context& io;
  Deadlines& deadlines;
  Resolver& resolver;
};
/// Sends one request, on a connection of its own, within ten seconds.
/// \return what the answer means; never an exception of the network.
[[nodiscard]] Task<AlertAnswer> send_alert(AlertNetwork network, const AlertTarget& target,
                                           const ClientRequest& request,
                                           std::chrono::system_clock::time_point now);

}  // namespace couponhook::server
