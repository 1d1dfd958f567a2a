#pragma once

/// \file
/// The [[handler]] tables of the configuration.

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <map>
#include <string>
#include <variant>
#include <vector>

namespace couponhook::server {

class Section;

enum class AckMode : std::uint8_t {
  kStored,   ///< reply once committed
  kHandled,  ///< reply only when the handler is done
};

/// What every handler that is told after the commit has.
struct OutwardConfig {
  AckMode ack = AckMode::kStored;
  std::chrono::milliseconds timeout{2000};
  int max_attempts = 25;
  std::chrono::milliseconds retry_initial{1000};
  std::chrono::milliseconds retry_max{600000};
  int concurrency = 8;
};

/// type = "ledger": inside the admitting transaction.
struct LedgerHandlerConfig {};

/// type = "http"
struct HttpHandlerConfig {
  std::string url;
  std::filesystem::path secret_file;
  std::filesystem::path ca_file;  ///< trusted besides the system's; may be empty
  bool allow_private_addresses = true;
  bool allow_metadata_addresses = false;
  std::size_t max_reply_bytes = 65536;
};

/// type = "exec"
struct ExecHandlerConfig {
  std::vector<std::string> command;  ///< program and arguments
  std::size_t max_output_bytes = 4096;
};

/// type = "redis"
struct RedisHandlerConfig {
  std::string url;
  std::filesystem::path password_file;  ///< may be empty
  std::string stream = "couponhook";
  std::int64_t max_length = 0;  ///< older entries are trimmed, about; 0: never
};

/// type = "amqp"
struct AmqpHandlerConfig {
  std::string url;
  std::filesystem::path password_file;  ///< may be empty
  std::filesystem::path ca_file;        ///< with amqps; empty: the system's
  std::string exchange;                 ///< empty: the default one, which routes by queue name
  std::string routing_key;              ///< empty: the event's webhook type
};

/// type = "kafka"
struct KafkaHandlerConfig {
  std::string brokers;
  std::string topic;
  std::map<std::string, std::string> properties;  ///< librdkafka's own, such as security.protocol
  std::filesystem::path password_file;            ///< sasl.password; may be empty
};

/// Any other type: a handler of the user's own, registered in main.
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

/// Reads one [[handler]] table; reports through the section what will not do.
[[nodiscard]] HandlerConfig read_handler(Section section);

}  // namespace couponhook::server
