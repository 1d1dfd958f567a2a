#include "server/config/handler_config.hpp"

#include <algorithm>
#include <array>

#include "server/config/section.hpp"

namespace couponhook::server {
namespace {

void require_scheme(Section& section, const std::string& url,
                    std::initializer_list<std::string_view> schemes) {
  std::string message = "must begin with";
  for (const std::string_view scheme : schemes) {
    if (url.starts_with(scheme)) return;
    message.append(message.ends_with("with") ? " " : " or ").append(scheme);
  }
  if (!url.empty()) section.report("url", message);
}

/// Reports a problem if a URL contains a password. Many people can read configuration files, so a
/// password must be in a file of its own.
void refuse_password(Section& section, const std::string& url) {
  const std::size_t begin = std::min(url.find("://"), url.size());
  const std::string authority = url.substr(begin, url.find('/', begin + 3) - begin);
  const std::size_t at = authority.find('@');
  if (at != std::string::npos && authority.find(':', 1) < at) {
    section.report("url", "holds a password; put it into a file and name that in password_file");
  }
}

void read_outward(Section& section, OutwardConfig& outward) {
  std::string ack = "stored";
  section.word("ack", ack, {"stored", "handled"});
  outward.ack = ack == "handled" ? AckMode::kHandled : AckMode::kStored;
  section.duration("timeout_ms", outward.timeout, 10, kHourMs);
  section.integer("max_attempts", outward.max_attempts, 1, 1000);
  section.duration("retry_initial_ms", outward.retry_initial, 1, kHourMs);
  section.duration("retry_max_ms", outward.retry_max, 1, 24 * kHourMs);
  if (outward.retry_initial > outward.retry_max) {
    if (section.has("retry_initial_ms")) {
      section.report("retry_initial_ms", "must not be longer than retry_max_ms, which is " +
                                             std::to_string(outward.retry_max.count()));
    }
    outward.retry_initial = outward.retry_max;
    section.amend("retry_initial_ms", outward.retry_initial.count());
  }
  section.integer("concurrency", outward.concurrency, 1, 1024);
}

HttpHandlerConfig read_http(Section& section) {
  HttpHandlerConfig http;
  section.text("url", http.url);
  section.require(!http.url.empty(), "url", "where to post events");
  require_scheme(section, http.url, {"https://", "http://"});
  section.path("secret_file", http.secret_file);
  section.require(!http.secret_file.empty(), "secret_file",
                  "a file with a Standard Webhooks secret, whsec_…");
  section.path("ca_file", http.ca_file);
  section.boolean("allow_private_addresses", http.allow_private_addresses);
  section.boolean("allow_metadata_addresses", http.allow_metadata_addresses);
  section.integer("max_reply_bytes", http.max_reply_bytes, 1024, 16 << 20);
  return http;
}

ExecHandlerConfig read_exec(Section& section) {
  ExecHandlerConfig exec;
  section.raw_texts("command", exec.command);
  section.require(!exec.command.empty() && !exec.command.front().empty(), "command",
                  "a program and its arguments: [\"/usr/local/bin/on-coupon\"]");
  section.integer("max_output_bytes", exec.max_output_bytes, 0, 1 << 20);
  return exec;
}

RedisHandlerConfig read_redis(Section& section) {
  RedisHandlerConfig redis;
  section.text("url", redis.url);
  section.require(!redis.url.empty(), "url", "redis://[user@]host[:port][/database]");
  require_scheme(section, redis.url, {"redis://"});
  refuse_password(section, redis.url);
  section.path("password_file", redis.password_file);
  section.text("stream", redis.stream);
  section.require(!redis.stream.empty(), "stream", "the key of the stream");
  section.integer("max_length", redis.max_length, 0, 1'000'000'000'000);
  return redis;
}

AmqpHandlerConfig read_amqp(Section& section) {
  AmqpHandlerConfig amqp;
  section.text("url", amqp.url);
  section.require(!amqp.url.empty(), "url", "amqp://[user@]host[:port][/virtual-host]");
  require_scheme(section, amqp.url, {"amqp://", "amqps://"});
  refuse_password(section, amqp.url);
  section.path("password_file", amqp.password_file);
  section.path("ca_file", amqp.ca_file);
  section.text("exchange", amqp.exchange);
  section.text("routing_key", amqp.routing_key);
  if (amqp.exchange.empty()) {
    section.require(!amqp.routing_key.empty(), "routing_key", "the queue's name, or set exchange");
  }
  return amqp;
}

KafkaHandlerConfig read_kafka(Section& section) {
  KafkaHandlerConfig kafka;
  section.text("brokers", kafka.brokers);
  section.require(!kafka.brokers.empty(), "brokers", "host:port, several separated by commas");
  section.text("topic", kafka.topic);
  section.require(!kafka.topic.empty(), "topic", "the topic to produce to");
  if (auto properties = section.table("properties")) kafka.properties = properties->all_texts('.');
  section.path("password_file", kafka.password_file);
  return kafka;
}

OwnHandlerConfig read_own(Section& section) {
  OwnHandlerConfig own;
  if (auto options = section.table("options")) own.options = options->all_texts('_');
  return own;
}

/// Reads the keys that only one type of handlers has.
struct OwnKeysReader {
  std::string_view type;
  void (*read)(Section& section, HandlerConfig& handler);
};

constexpr std::array kOwnKeysReaders = {
    OwnKeysReader{"ledger", [](Section&, HandlerConfig&) {}},
    OwnKeysReader{"http", [](Section& s, HandlerConfig& handler) { handler.own = read_http(s); }},
    OwnKeysReader{"exec", [](Section& s, HandlerConfig& handler) { handler.own = read_exec(s); }},
    OwnKeysReader{"redis", [](Section& s, HandlerConfig& handler) { handler.own = read_redis(s); }},
    OwnKeysReader{"amqp", [](Section& s, HandlerConfig& handler) { handler.own = read_amqp(s); }},
    OwnKeysReader{"kafka", [](Section& s, HandlerConfig& handler) { handler.own = read_kafka(s); }},
};

}  // namespace

std::vector<std::string_view> built_in_handler_types() {
  std::vector<std::string_view> types;
  for (const OwnKeysReader& reader : kOwnKeysReaders) types.push_back(reader.type);
  return types;
}

HandlerConfig read_handler(Section section) {
  HandlerConfig handler;
  section.text("name", handler.name);
  section.require(!handler.name.empty(), "name", "a name of your choice, unique among handlers");
  section.text("type", handler.type);
  section.require(!handler.type.empty(), "type",
                  "\"ledger\", \"http\", \"exec\", \"redis\", \"amqp\", \"kafka\" or a type of "
                  "your own");
  section.texts("events", handler.events);
  section.require(!handler.events.empty(), "events", "a list of event patterns: [\"COUPON.*\"]");
  const auto* reader = std::ranges::find(kOwnKeysReaders, handler.type, &OwnKeysReader::type);
  if (reader != kOwnKeysReaders.end()) {
    reader->read(section, handler);
  } else if (!handler.type.empty()) {
    handler.own = read_own(section);
  }
  if (!handler.is_ledger()) read_outward(section, handler.outward);
  section.refuse_unknown_keys();
  return handler;
}

}  // namespace couponhook::server
