#include <algorithm>
#include <chrono>
#include <optional>

// Newer releases of rabbitmq-c, the AMQP library, have their headers in the folder rabbitmq-c/. The
// headers at the old place print warnings.
#if __has_include(<rabbitmq-c/amqp.h>)
#include <rabbitmq-c/amqp.h>
#include <rabbitmq-c/framing.h>
#include <rabbitmq-c/ssl_socket.h>
#include <rabbitmq-c/tcp_socket.h>
#else
#include <amqp.h>
#include <amqp_framing.h>
#include <amqp_ssl_socket.h>
#include <amqp_tcp_socket.h>
#endif

#include "base/excerpt.hpp"
#include "server/delivery/brokers/brokers.hpp"
#include "server/delivery/brokers/socket_watchdog.hpp"

namespace couponhook::server {
namespace {

constexpr int kPlainPort = 5672;
constexpr int kTlsPort = 5671;
constexpr amqp_channel_t kChannel = 1;
constexpr int kFrameBytesMax = 131072;
constexpr std::uint8_t kPersistent = 2;
constexpr std::size_t kReasonBytesMax = 100;

struct DestroyConnection {
  void operator()(amqp_connection_state_t connection) const { amqp_destroy_connection(connection); }
};
using ConnectionPtr = std::unique_ptr<amqp_connection_state_t_, DestroyConnection>;

amqp_bytes_t bytes_of(std::string_view text) {
  // The cast is safe: librabbitmq only reads this text, although its parameter is a pointer to
  // non-const text.
  return {text.size(), const_cast<char*>(text.data())};
}

timeval time_until(BrokerDeadline due) {
  const auto left =
      std::chrono::duration_cast<std::chrono::microseconds>(due - std::chrono::steady_clock::now());
  const auto whole = std::max(left, std::chrono::microseconds(0)).count();
  return {whole / 1'000'000, whole % 1'000'000};
}

std::string text_of(amqp_bytes_t bytes) {
  return {static_cast<const char*>(bytes.bytes), bytes.len};
}

/// Reads the error in a reply of the AMQP broker. \return the error text; empty if the reply is no
/// error.
std::string problem(const amqp_rpc_reply_t& reply) {
  if (reply.reply_type == AMQP_RESPONSE_NORMAL) return "";
  if (reply.reply_type == AMQP_RESPONSE_LIBRARY_EXCEPTION) {
    return amqp_error_string2(reply.library_error);
  }
  if (reply.reply.id == AMQP_CHANNEL_CLOSE_METHOD) {
    return text_of(static_cast<amqp_channel_close_t*>(reply.reply.decoded)->reply_text);
  }
  if (reply.reply.id == AMQP_CONNECTION_CLOSE_METHOD) {
    return text_of(static_cast<amqp_connection_close_t*>(reply.reply.decoded)->reply_text);
  }
  return "the server closed the connection";
}

/// An AMQP connection with a watchdog that shuts down its socket at a deadline. The watchdog is
/// needed because librabbitmq writes without a deadline. A broker that is short of memory or disk
/// space blocks publishers, and then reads nothing until it has enough again.
struct Watched {
  ConnectionPtr connection;
  // The watchdog is declared last, so it is destroyed first: it uses the connection's socket.
  std::unique_ptr<SocketWatchdog> watchdog;
};

class AmqpConnection final : public BrokerConnection {
 public:
  AmqpConnection(Watched watched, const AmqpHandlerConfig& config)
      : watched_(std::move(watched)), config_(config) {}

  handlers::Outcome publish(const BrokerMessage& message, BrokerDeadline due) override {
    const SocketWatchdog::Watch watch(*watched_.watchdog, due);
    const int sent = send(message);
    if (sent == AMQP_STATUS_OK) return await_confirm(due);
    if (watched_.watchdog->has_cut()) return too_late("the broker did not accept the message");
    return handlers::Retry{std::string("amqp: ") + amqp_error_string2(sent), {}};
  }

 private:
  /// Sends a message to the AMQP broker. \return a status code of librabbitmq.
  int send(const BrokerMessage& message) {
    const std::string_view routing_key =
        config_.routing_key.empty() ? message.type : std::string_view(config_.routing_key);
    amqp_table_entry_t header{bytes_of("key"), {}};
    header.value.kind = AMQP_FIELD_KIND_UTF8;
    header.value.value.bytes = bytes_of(message.key);
    amqp_basic_properties_t properties{};
    properties._flags = AMQP_BASIC_CONTENT_TYPE_FLAG | AMQP_BASIC_DELIVERY_MODE_FLAG |
                        AMQP_BASIC_MESSAGE_ID_FLAG | AMQP_BASIC_TYPE_FLAG | AMQP_BASIC_HEADERS_FLAG;
    properties.content_type = bytes_of("application/json");
    properties.delivery_mode = kPersistent;
    properties.message_id = bytes_of(message.id);
    properties.type = bytes_of(message.type);
    properties.headers = {1, &header};
    constexpr amqp_boolean_t kMandatory = 1;
    return amqp_basic_publish(watched_.connection.get(), kChannel, bytes_of(config_.exchange),
                              bytes_of(routing_key), kMandatory, 0, &properties,
                              bytes_of(message.body));
  }

  handlers::Outcome await_confirm(BrokerDeadline due) {
    while (true) {
      const timeval left = time_until(due);
      amqp_maybe_release_buffers(watched_.connection.get());
      amqp_frame_t frame;
      const int got = amqp_simple_wait_frame_noblock(watched_.connection.get(), &frame, &left);
      if (got == AMQP_STATUS_TIMEOUT || watched_.watchdog->has_cut()) {
        return too_late("no confirmation came");
      }
      if (got != AMQP_STATUS_OK) {
        return handlers::Retry{std::string("amqp: no confirmation: ") + amqp_error_string2(got),
                               {}};
      }
      if (frame.frame_type != AMQP_FRAME_METHOD) continue;
      if (auto outcome = outcome_of(frame.payload.method)) return std::move(*outcome);
    }
  }

  /// Returns the outcome of a published message, according to a method (an AMQP command) that the
  /// broker has sent.
  /// \return nothing if the method does not decide the outcome.
  std::optional<handlers::Outcome> outcome_of(const amqp_method_t& method) {
    switch (method.id) {
      case AMQP_BASIC_ACK_METHOD:
        return handlers::Done{};
      case AMQP_BASIC_NACK_METHOD:
        return handlers::Retry{"amqp: the broker could not keep the message", {}};
      case AMQP_BASIC_RETURN_METHOD:
        return handlers::Retry{"amqp: no queue is bound for this routing key", {}};
      case AMQP_CHANNEL_CLOSE_METHOD:
      case AMQP_CONNECTION_CLOSE_METHOD:
        return handlers::Retry{
            "amqp: the broker closed the channel: check that the exchange "
            "exists and that the user may write to it",
            {}};
      case AMQP_CONNECTION_BLOCKED_METHOD:
        blocked_ =
            base::excerpt(text_of(static_cast<amqp_connection_blocked_t*>(method.decoded)->reason),
                          kReasonBytesMax);
        return std::nullopt;
      case AMQP_CONNECTION_UNBLOCKED_METHOD:
        blocked_.reset();
        return std::nullopt;
      default:
        return std::nullopt;
    }
  }

  [[nodiscard]] handlers::Outcome too_late(const std::string& what) const {
    std::string reason = "amqp: " + what + " within timeout_ms";
    if (blocked_) reason += "; the broker blocks publishers: " + *blocked_;
    return handlers::Retry{std::move(reason), {}};
  }

  Watched watched_;
  const AmqpHandlerConfig& config_;
  // The reason for which the AMQP broker blocks publishers; empty if it does not block them.
  std::optional<std::string> blocked_;
};

class Amqp final : public Broker {
 public:
  Amqp(AmqpHandlerConfig config, BrokerUrl url, BrokerSettings settings)
      : config_(std::move(config)), url_(std::move(url)), settings_(std::move(settings)) {}

  BrokerConnectionResult connect(BrokerDeadline due) override {
    const auto refuse = [&](const std::string& what) {
      return BrokerConnectionResult(
          boost::system::in_place_error,
          "amqp at " + url_.host + " port " + std::to_string(url_.port) + ": " + what);
    };
    ConnectionPtr connection(amqp_new_connection());
    if (!connection) return refuse("out of memory");
    amqp_socket_t* const socket = make_socket(connection.get());
    if (socket == nullptr) return refuse("no socket could be made; check ca_file");
    const auto connect_to = [&](const std::string& address, BrokerDeadline by) -> std::string {
      const timeval left = time_until(by);
      // With TLS, librabbitmq needs the host name to check the certificate, and looks up the name
      // in DNS again.
      const std::string& to = url_.tls ? url_.host : address;
      const int opened = amqp_socket_open_noblock(socket, to.c_str(), url_.port, &left);
      return opened == AMQP_STATUS_OK ? "" : amqp_error_string2(opened);
    };
    if (auto wrong = connect_to_any(url_, due, connect_to); !wrong.empty()) return refuse(wrong);
    auto watchdog = std::make_unique<SocketWatchdog>(amqp_get_sockfd(connection.get()));
    Watched watched{std::move(connection), std::move(watchdog)};
    if (auto wrong = open_channel(watched, due); !wrong.empty()) return refuse(wrong);
    return BrokerConnectionResult(boost::system::in_place_value,
                                  std::make_unique<AmqpConnection>(std::move(watched), config_));
  }

 private:
  amqp_socket_t* make_socket(amqp_connection_state_t connection) const {
    if (!url_.tls) return amqp_tcp_socket_new(connection);
    amqp_socket_t* const socket = amqp_ssl_socket_new(connection);
    if (socket == nullptr) return nullptr;
    amqp_ssl_socket_set_verify_peer(socket, 1);
    amqp_ssl_socket_set_verify_hostname(socket, 1);
    const std::string ca =
        config_.ca_file.empty() ? "/etc/ssl/certs/ca-certificates.crt" : config_.ca_file.string();
    return amqp_ssl_socket_set_cacert(socket, ca.c_str()) == AMQP_STATUS_OK ? socket : nullptr;
  }

  [[nodiscard]] std::string open_channel(const Watched& watched, BrokerDeadline due) const {
    const SocketWatchdog::Watch watch(*watched.watchdog, due);
    std::string wrong = log_in(watched.connection.get(), due);
    if (watched.watchdog->has_cut()) return "it did not answer within timeout_ms";
    return wrong;
  }

  [[nodiscard]] std::string log_in(amqp_connection_state_t connection, BrokerDeadline due) const {
    const timeval left = time_until(due);
    amqp_set_handshake_timeout(connection, &left);
    amqp_set_rpc_timeout(connection, &left);
    const std::string user = url_.user.empty() ? "guest" : url_.user;
    const std::string host = url_.path.empty() ? "/" : url_.path;
    const std::string password =
        settings_.password.empty() ? "guest" : std::string(settings_.password.reveal());
    constexpr int kNoHeartbeat = 0;
    // This property asks the AMQP broker to send a notice when it blocks publishers.
    amqp_table_entry_t blocked{bytes_of("connection.blocked"), {}};
    blocked.value.kind = AMQP_FIELD_KIND_BOOLEAN;
    blocked.value.value.boolean = 1;
    amqp_table_entry_t capabilities{bytes_of("capabilities"), {}};
    capabilities.value.kind = AMQP_FIELD_KIND_TABLE;
    capabilities.value.value.table = {1, &blocked};
    const amqp_table_t properties{1, &capabilities};
    const auto login = amqp_login_with_properties(connection, host.c_str(), 0, kFrameBytesMax,
                                                  kNoHeartbeat, &properties, AMQP_SASL_METHOD_PLAIN,
                                                  user.c_str(), password.c_str());
    if (auto wrong = problem(login); !wrong.empty()) return wrong;
    amqp_channel_open(connection, kChannel);
    if (auto wrong = problem(amqp_get_rpc_reply(connection)); !wrong.empty()) return wrong;
    amqp_confirm_select(connection, kChannel);
    return problem(amqp_get_rpc_reply(connection));
  }

  AmqpHandlerConfig config_;
  BrokerUrl url_;
  BrokerSettings settings_;
};

}  // namespace

const bool kHasAmqp = true;

BrokerResult make_amqp(const AmqpHandlerConfig& config, BrokerSettings settings) {
  auto url = parse_broker_url(config.url, config.url.starts_with("amqps") ? kTlsPort : kPlainPort);
  if (!url) return BrokerResult(boost::system::in_place_error, url.error());
  return BrokerResult(boost::system::in_place_value,
                      std::make_unique<Amqp>(config, std::move(*url), std::move(settings)));
}

}  // namespace couponhook::server
