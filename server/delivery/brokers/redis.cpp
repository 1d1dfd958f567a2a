#include <array>
#include <charconv>

#include <hiredis/hiredis.h>

#include "server/delivery/brokers/brokers.hpp"

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

/// \return what went wrong in Redis's words, which repeat nothing of what was sent; empty: nothing.
std::string problem(const redisContext& context, const redisReply* reply) {
  if (reply == nullptr) return context.errstr[0] == '\0' ? "connection lost" : context.errstr;
  if (reply->type == REDIS_REPLY_ERROR) return std::string(reply->str, reply->len);
  return "";
}

class RedisConnection final : public BrokerConnection {
 public:
  RedisConnection(ContextPtr context, const RedisHandlerConfig& config)
      : context_(std::move(context)), config_(config) {}

  handlers::Outcome publish(const BrokerMessage& message) override {
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
    const ReplyPtr reply = ask(*context_, arguments);
    const std::string wrong = problem(*context_, reply.get());
    if (!wrong.empty()) return handlers::Retry{"redis: " + wrong, {}};
    return handlers::Done{};
  }

 private:
  ContextPtr context_;
  const RedisHandlerConfig& config_;
};

class Redis final : public Broker {
 public:
  Redis(RedisHandlerConfig config, BrokerUrl url, BrokerSettings settings)
      : config_(std::move(config)), url_(std::move(url)), settings_(std::move(settings)) {}

  boost::system::result<std::unique_ptr<BrokerConnection>, std::string> connect() override {
    using Result = boost::system::result<std::unique_ptr<BrokerConnection>, std::string>;
    const auto refuse = [&](const std::string& what) {
      return Result(boost::system::in_place_error,
                    "redis at " + url_.host + " port " + std::to_string(url_.port) + ": " + what);
    };
    const timeval timeout{settings_.timeout.count() / 1000,
                          settings_.timeout.count() % 1000 * 1000};
    ContextPtr context(redisConnectWithTimeout(url_.host.c_str(), url_.port, timeout));
    if (!context) return refuse("out of memory");
    if (context->err != 0) return refuse(problem(*context, nullptr));
    redisSetTimeout(context.get(), timeout);
    if (!settings_.password.empty()) {
      Arguments arguments{"AUTH"};
      if (!url_.user.empty()) arguments.push_back(url_.user);
      arguments.push_back(settings_.password.reveal());
      const ReplyPtr reply = ask(*context, arguments);
      if (auto wrong = problem(*context, reply.get()); !wrong.empty()) return refuse(wrong);
    }
    if (!url_.path.empty()) {
      const ReplyPtr reply = ask(*context, {"SELECT", url_.path});
      if (auto wrong = problem(*context, reply.get()); !wrong.empty()) return refuse(wrong);
    }
    return Result(boost::system::in_place_value,
                  std::make_unique<RedisConnection>(std::move(context), config_));
  }

 private:
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
