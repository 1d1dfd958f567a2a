#include <chrono>

// Newer releases have their headers in a folder of their own and warn of the old place.
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

#include "server/delivery/brokers/brokers.hpp"

namespace couponhook::server {
namespace {

constexpr int kPlainPort = 5672;
constexpr int kTlsPort = 5671;
constexpr amqp_channel_t kChannel = 1;
constexpr int kFrameBytesMax = 131072;
constexpr std::uint8_t kPersistent = 2;

struct DestroyConnection {
  void operator()(amqp_connection_state_t connection) const { amqp_destroy_connection(connection); }
};
using ConnectionPtr = std::unique_ptr<amqp_connection_state_t_, DestroyConnection>;

amqp_bytes_t bytes_of(std::string_view text) {
  // The library takes what it only reads without const.
  return {text.size(), const_cast<char*>(text.data())};
}

timeval as_timeval(std::chrono::microseconds time) {
  const auto whole = std::max(time, std::chrono::microseconds(0)).count();
  return {whole / 1'000'000, whole % 1'000'000};
}

std::string text_of(amqp_bytes_t bytes) {
  return {static_cast<const char*>(bytes.bytes), bytes.len};
}

/// \return what went wrong; empty: nothing.
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

class AmqpConnection final : public BrokerConnection {
 public:
  AmqpConnection(ConnectionPtr connection, const AmqpHandlerConfig& config,
                 std::chrono::milliseconds timeout)
      : connection_(std::move(connection)), config_(config), timeout_(timeout) {}

  handlers::Outcome publish(const BrokerMessage& message) override {
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
    const int sent = amqp_basic_publish(connection_.get(), kChannel, bytes_of(config_.exchange),
                                        bytes_of(routing_key), kMandatory, 0, &properties,
                                        bytes_of(message.body));
    if (sent != AMQP_STATUS_OK) {
      return handlers::Retry{std::string("amqp: ") + amqp_error_string2(sent), {}};
    }
    return await_confirm();
  }

 private:
  handlers::Outcome await_confirm() {
    const auto due = std::chrono::steady_clock::now() + timeout_;
    while (true) {
      const timeval left = as_timeval(std::chrono::duration_cast<std::chrono::microseconds>(
          due - std::chrono::steady_clock::now()));
      amqp_maybe_release_buffers(connection_.get());
      amqp_frame_t frame;
      const int got = amqp_simple_wait_frame_noblock(connection_.get(), &frame, &left);
      if (got != AMQP_STATUS_OK) {
        return handlers::Retry{std::string("amqp: no confirmation: ") + amqp_error_string2(got),
                               {}};
      }
      if (frame.frame_type != AMQP_FRAME_METHOD) continue;
      switch (frame.payload.method.id) {
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
        default:
          break;
      }
    }
  }

  ConnectionPtr connection_;
  const AmqpHandlerConfig& config_;
  std::chrono::milliseconds timeout_;
};

class Amqp final : public Broker {
 public:
  Amqp(AmqpHandlerConfig config, BrokerUrl url, BrokerSettings settings)
      : config_(std::move(config)), url_(std::move(url)), settings_(std::move(settings)) {}

  boost::system::result<std::unique_ptr<BrokerConnection>, std::string> connect() override {
    using Result = boost::system::result<std::unique_ptr<BrokerConnection>, std::string>;
    const auto refuse = [&](const std::string& what) {
      return Result(boost::system::in_place_error,
                    "amqp at " + url_.host + " port " + std::to_string(url_.port) + ": " + what);
    };
    ConnectionPtr connection(amqp_new_connection());
    if (!connection) return refuse("out of memory");
    amqp_socket_t* const socket = make_socket(connection.get());
    if (socket == nullptr) return refuse("no socket could be made; check ca_file");
    const timeval timeout = as_timeval(settings_.timeout);
    if (const int opened = amqp_socket_open_noblock(socket, url_.host.c_str(), url_.port, &timeout);
        opened != AMQP_STATUS_OK) {
      return refuse(amqp_error_string2(opened));
    }
    amqp_set_handshake_timeout(connection.get(), &timeout);
    amqp_set_rpc_timeout(connection.get(), &timeout);
    if (auto wrong = open_channel(connection.get()); !wrong.empty()) return refuse(wrong);
    return Result(
        boost::system::in_place_value,
        std::make_unique<AmqpConnection>(std::move(connection), config_, settings_.timeout));
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

  [[nodiscard]] std::string open_channel(amqp_connection_state_t connection) const {
    const std::string user = url_.user.empty() ? "guest" : url_.user;
    const std::string host = url_.path.empty() ? "/" : url_.path;
    const std::string password =
        settings_.password.empty() ? "guest" : std::string(settings_.password.reveal());
    constexpr int kNoHeartbeat = 0;
    const auto login = amqp_login(connection, host.c_str(), 0, kFrameBytesMax, kNoHeartbeat,
                                  AMQP_SASL_METHOD_PLAIN, user.c_str(), password.c_str());
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
