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
  kStored,   ///< the reply follows the commit; the handler runs later
  kHandled,  ///< the reply waits until the handler is done
};

/// Settings of every handler that runs after the commit: all types except `ledger`.
struct OutwardConfig {
  AckMode ack = AckMode::kStored;
  std::chrono::milliseconds timeout{2000};
  int max_attempts = 25;
  std::chrono::milliseconds retry_initial{1000};
  std::chrono::milliseconds retry_max{600000};
  int concurrency = 8;
};

/// Settings of type = "ledger": none. This handler runs inside the transaction that stores the
/// notification.
struct LedgerHandlerConfig {};

/// Settings of type = "http".
struct HttpHandlerConfig {
  std::string url;
  std::filesystem::path secret_file;
  std::filesystem::path ca_file;  ///< trusted in addition to the system's CAs; may be empty
  bool allow_private_addresses = true;
  bool allow_metadata_addresses = false;
  std::size_t max_reply_bytes = 65536;
};

/// Settings of type = "exec".
struct ExecHandlerConfig {
  std::vector<std::string> command;  ///< the program, then its arguments
  std::size_t max_output_bytes = 4096;
};

/// Settings of type = "redis".
struct RedisHandlerConfig {
  std::string url;
  std::filesystem::path password_file;  ///< file with the password; empty: no password
  std::string stream = "couponhook";
  std::int64_t max_length = 0;  ///< approximate length at which Redis removes older entries; 0:
                                ///< never
};

/// Settings of type = "amqp".
struct AmqpHandlerConfig {
  std::string url;
  std::filesystem::path password_file;  ///< file with the password; empty: no password
  std::filesystem::path ca_file;        ///< for amqps; empty: the system's CAs
  std::string exchange;                 ///< empty: the default exchange, which routes by queue name
  std::string routing_key;              ///< empty: the event's webhook type, such as
                                        ///< coupon.redeemed
};

/// Settings of type = "kafka".
struct KafkaHandlerConfig {
  std::string brokers;
  std::string topic;
  std::map<std::string, std::string> properties;  ///< librdkafka's own properties, such as
                                                  ///< security.protocol
  std::filesystem::path password_file;            ///< file with sasl.password; may be empty
};

/// Settings of any other type: a custom handler of the user, registered in main().
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

/// Reads one [[handler]] table. Reports invalid values through the section.
[[nodiscard]] HandlerConfig read_handler(Section section);

}  // namespace couponhook::server
