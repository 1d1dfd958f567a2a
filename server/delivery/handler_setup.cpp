#include "server/delivery/handler_setup.hpp"

#include <algorithm>
#include <tuple>

#include "server/delivery/brokers/brokers.hpp"
#include "server/delivery/exec_handler.hpp"
#include "server/delivery/thread_sender.hpp"
#include "server/file.hpp"

namespace couponhook::server {
namespace {

using std::chrono::milliseconds;
using HandlerPtr = std::shared_ptr<handlers::Handler>;
template <typename T>
using Prepared = boost::system::result<T, Problem>;

/// The longest that a target which is back waits to be found.
constexpr milliseconds kOpenMax{5000};

/// The breaker keeps to the handler's own pace: where retries are quick, so are probes.
LaneOptions lane_options(const HandlerConfig& config) {
  const OutwardConfig& outward = config.outward;
  LaneOptions lane;
  lane.handler = config.name;
  lane.retries = {outward.retry_initial, outward.retry_max, outward.max_attempts};
  lane.breaker.open_initial = std::min(outward.retry_initial, kOpenMax);
  lane.breaker.open_longest = std::min(outward.retry_max, kOpenMax);
  lane.concurrency = outward.concurrency;
  return lane;
}

/// Makes one handler's target. Each overload reads what its type of handler has in files.
class TargetMaker {
 public:
  TargetMaker(const HandlerConfig& config, const handlers::HandlerTypes& types, std::string where,
              std::vector<Problem>& problems)
      : config_(config), types_(types), where_(std::move(where)), problems_(problems) {}

  using Target = decltype(HandlerSetup::target);

  Target operator()(const LedgerHandlerConfig&) { return HandlerPtr(); }

  Target operator()(const HttpHandlerConfig& http) {
    HttpTarget target;
    // What is empty the configuration's reader has told of.
    if (auto url = parse_url(http.url)) {
      target.url = std::move(*url);
    } else if (!http.url.empty()) {
      report("url", "\"" + http.url + "\" is no URL; write https://host/path");
    }
    if (target.url.tls) {
      auto tls = make_client_tls(http.ca_file);
      if (!tls) report("ca_file", tls.error());
      if (tls) target.tls = *tls;
    }
    const auto secrets = read_file(http.secret_file, 4096);
    if (!secrets) {
      if (!http.secret_file.empty()) {
        report("secret_file: " + http.secret_file.string(), secrets.error());
      }
    } else if (auto signer = crypto::WebhookSigner::from_text(secrets->reveal())) {
      target.signer = std::make_shared<Live<crypto::WebhookSigner>>(
          std::make_shared<const crypto::WebhookSigner>(std::move(*signer)));
    } else {
      report("secret_file: " + http.secret_file.string(), signer.error());
    }
    target.guard = {http.allow_private_addresses, http.allow_metadata_addresses};
    target.timeout = config_.outward.timeout;
    target.reply_bytes_max = http.max_reply_bytes;
    target.concurrency = config_.outward.concurrency;
    return target;
  }

  Target operator()(const ExecHandlerConfig& exec) {
    if (!exec.command.empty() && !exec.command.front().empty()) {
      if (auto why = why_not_executable(exec.command.front()); !why.empty()) {
        report("command", std::move(why));
      }
    }
    return std::make_shared<ExecHandler>(
        ExecOptions{exec.command, config_.outward.timeout, exec.max_output_bytes});
  }

  Target operator()(const RedisHandlerConfig& redis) {
    return broker("url", make_redis(redis, settings(redis.password_file)));
  }
  Target operator()(const AmqpHandlerConfig& amqp) {
    return broker("url", make_amqp(amqp, settings(amqp.password_file)));
  }
  Target operator()(const KafkaHandlerConfig& kafka) {
    return broker("properties", make_kafka(kafka, settings(kafka.password_file)));
  }

  Target operator()(const OwnHandlerConfig& own) {
    const auto type = types_.find(config_.type);
    if (type == types_.end()) {
      report("type", "\"" + config_.type +
                         "\" is no type of handler here; there is ledger, http, exec, redis, "
                         "amqp, kafka" +
                         names_of_types());
      return HandlerPtr();
    }
    auto handler = type->second(
        {config_.name, own.options, config_.outward.timeout, config_.outward.concurrency});
    if (handler) return std::move(*handler);
    report("options", handler.error());
    return HandlerPtr();
  }

 private:
  BrokerSettings settings(const std::filesystem::path& password_file) {
    BrokerSettings settings;
    settings.timeout = config_.outward.timeout;
    if (password_file.empty()) return settings;
    auto password = read_password(password_file);
    if (password) {
      settings.password = std::move(*password);
    } else {
      report("password_file: " + password_file.string(), password.error());
    }
    return settings;
  }
  HandlerPtr broker(const std::string& key, BrokerResult made) {
    if (made) return std::make_shared<BrokerHandler>(std::move(*made));
    report(key, made.error());
    return nullptr;
  }
  void report(const std::string& key, std::string message) {
    problems_.push_back({where_ + "." + key, std::move(message)});
  }
  [[nodiscard]] std::string names_of_types() const {
    std::string names;
    for (const auto& [name, factory] : types_) names += ", " + name;
    return names;
  }

  const HandlerConfig& config_;
  const handlers::HandlerTypes& types_;
  std::string where_;
  std::vector<Problem>& problems_;
};

bool lead_to_the_same_place(const Url& a, const Url& b) {
  return std::tie(a.tls, a.host, a.port, a.target) == std::tie(b.tls, b.host, b.port, b.target);
}

std::unique_ptr<Sender> make_sender(const HandlerSetup& setup, DeliveryThread& thread,
                                    const WallClock& clock, CallListener& listener) {
  if (const auto* http = std::get_if<HttpTarget>(&setup.target)) {
    return std::make_unique<HttpSender>(thread.io(), thread.deadlines(), *http, clock, listener);
  }
  return std::make_unique<ThreadSender>(setup.lane.handler, std::get<HandlerPtr>(setup.target),
                                        setup.lane.concurrency, clock, listener);
}

}  // namespace

std::vector<HandlerSetup> prepare_handlers(const Config& config,
                                           const handlers::HandlerTypes& types,
                                           std::vector<Problem>& problems) {
  std::vector<HandlerSetup> setups;
  std::size_t number = 0;
  for (const HandlerConfig& handler : config.handlers) {
    ++number;
    if (handler.is_ledger()) continue;
    const std::string where = config.file.string() + ": handler[" + std::to_string(number) + "]";
    TargetMaker make(handler, types, where, problems);
    setups.push_back({lane_options(handler), std::visit(make, handler.own)});
  }
  return setups;
}

void renew_secrets(const std::vector<HandlerSetup>& running,
                   const std::vector<HandlerSetup>& fresh) {
  for (const HandlerSetup& setup : running) {
    const auto same = std::ranges::find(fresh, setup.lane.handler,
                                        [](const HandlerSetup& each) { return each.lane.handler; });
    const auto* http = std::get_if<HttpTarget>(&setup.target);
    const auto* theirs = same == fresh.end() ? nullptr : std::get_if<HttpTarget>(&same->target);
    if (http != nullptr && theirs != nullptr && lead_to_the_same_place(http->url, theirs->url)) {
      http->signer->set(theirs->signer->get());
    }
  }
}

std::vector<LaneSetup> make_lanes(const std::vector<HandlerSetup>& setups, DeliveryThread& thread,
                                  const WallClock& clock) {
  std::vector<LaneSetup> lanes;
  for (const HandlerSetup& setup : setups) {
    lanes.push_back({setup.lane, [setup, &thread, clock](CallListener& listener) {
                       return make_sender(setup, thread, clock, listener);
                     }});
  }
  return lanes;
}

}  // namespace couponhook::server
