#include <algorithm>
#include <cstdint>

#include <hiredis/hiredis.h>

#include "server/delivery/brokers/brokers.hpp"
#include "server/delivery/brokers/socket_watchdog.hpp"

namespace couponhook::server {
namespace {

constexpr int kDefaultPort = 6379;

struct FreeContext {
  void operator()(redisContext* context) const { redisFree(context); }
};
struct FreeReply {
  void operator()(void* reply) const { freeReplyObject(reply); }
};
using ContextPtr = std::unique_ptr<redisContext, FreeContext>;
using ReplyPtr = std::unique_ptr<redisReply, FreeReply>;
using Arguments = std::vector<std::string_view>;

ReplyPtr ask(redisContext& context, const Arguments& arguments) {
  std::vector<const char*> texts;
  std::vector<std::size_t> sizes;
  for (const std::string_view argument : arguments) {
    texts.push_back(argument.data());
    sizes.push_back(argument.size());
  }
  return ReplyPtr(static_cast<redisReply*>(
      redisCommandArgv(&context, static_cast<int>(texts.size()), texts.data(), sizes.data())));
}

/// Reads the error of a Redis request.
/// \return the error text of Redis or hiredis, which contains no part of the request; empty if
///   there is no error.
std::string problem(const redisContext& context, const redisReply* reply) {
  if (reply == nullptr) return context.errstr[0] == '\0' ? "connection lost" : context.errstr;
  if (reply->type == REDIS_REPLY_ERROR) return std::string(reply->str, reply->len);
  return "";
}

/// A Redis connection with a deadline for every request.
class RedisSession {
 public:
  explicit RedisSession(ContextPtr context)
      : context_(std::move(context)), watchdog_(std::make_unique<SocketWatchdog>(context_->fd)) {}

  /// Sends a request to Redis and waits for the reply. \return an error text; empty if there is no
  /// error.
  std::string exchange(const Arguments& arguments, BrokerDeadline due) {
    const SocketWatchdog::Watch watch(*watchdog_, due);
    const ReplyPtr reply = ask(*context_, arguments);
    if (watchdog_->has_cut()) return "it did not answer within timeout_ms";
    return problem(*context_, reply.get());
  }

 private:
  ContextPtr context_;
  // The watchdog is declared last, so it is destroyed first: it uses the socket of the Redis
  // connection.
  std::unique_ptr<SocketWatchdog> watchdog_;
};

class RedisConnection final : public BrokerConnection {
 public:
  RedisConnection(RedisSession session, const RedisHandlerConfig& config)
      : session_(std::move(session)), config_(config) {}

  handlers::Outcome publish(const BrokerMessage& message, BrokerDeadline due) override {
    const std::string length = std::to_string(config_.max_length);
    Arguments arguments{"XADD", config_.stream};
    if (config_.max_length > 0) {
      for (const std::string_view word : {"MAXLEN", "~"}) arguments.push_back(word);
      arguments.push_back(length);
    }
    for (const std::string_view word :
         {std::string_view("*"), std::string_view("id"), message.id, std::string_view("key"),
          message.key, std::string_view("type"), message.type, std::string_view("body"),
          message.body}) {
      arguments.push_back(word);
    }
    const std::string wrong = session_.exchange(arguments, due);
    if (!wrong.empty()) return handlers::Retry{"redis: " + wrong, {}};
    return handlers::Done{};
  }

 private:
  RedisSession session_;
  const RedisHandlerConfig& config_;
};

class Redis final : public Broker {
 public:
  Redis(RedisHandlerConfig config, BrokerUrl url, BrokerSettings settings)
      : config_(std::move(config)), url_(std::move(url)), settings_(std::move(settings)) {}

  BrokerConnectionResult connect(BrokerDeadline due) override {
    const auto refuse = [&](const std::string& what) {
      return BrokerConnectionResult(
          boost::system::in_place_error,
          "redis at " + url_.host + " port " + std::to_string(url_.port) + ": " + what);
    };
    ContextPtr context;
    const auto connect_to = [&](const std::string& address, BrokerDeadline by) {
      return open(context, address, by);
    };
    if (auto wrong = connect_to_any(url_, due, connect_to); !wrong.empty()) return refuse(wrong);
    RedisSession session(std::move(context));
    if (!settings_.password.empty()) {
      Arguments arguments{"AUTH"};
      if (!url_.user.empty()) arguments.push_back(url_.user);
      arguments.push_back(settings_.password.reveal());
      if (auto wrong = session.exchange(arguments, due); !wrong.empty()) return refuse(wrong);
    }
    if (!url_.path.empty()) {
      const Arguments arguments{"SELECT", url_.path};
      if (auto wrong = session.exchange(arguments, due); !wrong.empty()) return refuse(wrong);
    }
    return BrokerConnectionResult(boost::system::in_place_value,
                                  std::make_unique<RedisConnection>(std::move(session), config_));
  }

 private:
  std::string open(ContextPtr& context, const std::string& address, BrokerDeadline due) const {
    const auto left = std::chrono::duration_cast<std::chrono::microseconds>(
        due - std::chrono::steady_clock::now());
    const auto micros = std::max<std::int64_t>(left.count(), 1000);
    const timeval timeout{micros / 1'000'000, micros % 1'000'000};
    context.reset(redisConnectWithTimeout(address.c_str(), url_.port, timeout));
    if (!context) return "out of memory";
    if (context->err != 0) return problem(*context, nullptr);
    return "";
  }

  RedisHandlerConfig config_;
  BrokerUrl url_;
  BrokerSettings settings_;
};

}  // namespace

const bool kHasRedis = true;

BrokerResult make_redis(const RedisHandlerConfig& config, BrokerSettings settings) {
  auto url = parse_broker_url(config.url, kDefaultPort);
  if (!url) return BrokerResult(boost::system::in_place_error, url.error());
  return BrokerResult(boost::system::in_place_value,
                      std::make_unique<Redis>(config, std::move(*url), std::move(settings)));
}

}  // namespace couponhook::server
