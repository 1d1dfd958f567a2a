#pragma once

/// \file
/// Settings in the [[handler]] tables of the configuration.

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <map>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace couponhook::server {

class Section;

enum class AckMode : std::uint8_t {
  kStored,   ///< WeChat Pay gets the reply when the notification is stored; the handler runs later
  kHandled,  ///< WeChat Pay gets the reply only when the handler has finished
};

/// Settings that all types of handlers have except `ledger`: these handlers run after the
/// notification was committed to the database.
struct OutwardConfig {
  AckMode ack = AckMode::kStored;
  std::chrono::milliseconds timeout{2000};
  int max_attempts = 25;
  std::chrono::milliseconds retry_initial{1000};
  std::chrono::milliseconds retry_max{600000};
  int concurrency = 8;
};

/// Settings of a handler with type = "ledger": none. This handler runs inside the transaction that
/// stores the notification.
struct LedgerHandlerConfig {};

/// Settings of a handler with type = "http".
struct HttpHandlerConfig {
  std::string url;
  std::filesystem::path secret_file;
  /// Path of a file with CA certificates that are trusted in addition to the system's; may be
  /// empty.
  std::filesystem::path ca_file;
  bool allow_private_addresses = true;
  bool allow_metadata_addresses = false;
  std::size_t max_reply_bytes = 65536;
};

/// Settings of a handler with type = "exec".
struct ExecHandlerConfig {
  /// The program to run, followed by its arguments.
  std::vector<std::string> command;
  std::size_t max_output_bytes = 4096;
};

/// Settings of a handler with type = "redis".
struct RedisHandlerConfig {
  std::string url;
  /// Path of the file with the Redis password; empty: no password.
  std::filesystem::path password_file;
  std::string stream = "couponhook";
  /// Approximate length of the Redis stream above which Redis removes the oldest entries; 0: Redis
  /// removes none.
  std::int64_t max_length = 0;
};

/// Settings of a handler with type = "amqp" (for example RabbitMQ).
struct AmqpHandlerConfig {
  std::string url;
  /// Path of the file with the AMQP password; empty: no password.
  std::filesystem::path password_file;
  /// Path of a file with CA certificates for an amqps URL; empty: the system's CA certificates.
  std::filesystem::path ca_file;
  /// Name of the AMQP exchange; empty: the default exchange, which routes by queue name.
  std::string exchange;
  /// AMQP routing key; empty: the key is the event type in the form of webhooks, such as
  /// coupon.redeemed.
  std::string routing_key;
};

/// Settings of a handler with type = "kafka".
struct KafkaHandlerConfig {
  std::string brokers;
  std::string topic;
  /// Properties of the Kafka client library librdkafka, such as security.protocol.
  std::map<std::string, std::string> properties;
  /// Path of the file that holds the password for Kafka (librdkafka's property sasl.password); an
  /// empty path if no password is needed.
  std::filesystem::path password_file;
};

/// Settings of a handler with any other type: a custom handler that the user's own program
/// registers in main().
struct OwnHandlerConfig {
  std::map<std::string, std::string> options;
};

struct HandlerConfig {
  std::string name;
  std::string type;
  std::vector<std::string> events;
  OutwardConfig outward;
  std::variant<LedgerHandlerConfig, HttpHandlerConfig, ExecHandlerConfig, RedisHandlerConfig,
               AmqpHandlerConfig, KafkaHandlerConfig, OwnHandlerConfig>
      own;

  [[nodiscard]] bool is_ledger() const { return std::holds_alternative<LedgerHandlerConfig>(own); }
};

/// Returns the handler types that couponhook has by itself.
[[nodiscard]] std::vector<std::string_view> built_in_handler_types();

/// Reads one [[handler]] table of the configuration. Reports each invalid value as a problem of
/// `section`.
/// \return the handler's settings, with default values for keys that are missing or invalid.
[[nodiscard]] HandlerConfig read_handler(Section section);

}  // namespace couponhook::server
