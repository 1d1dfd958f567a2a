#include "server/delivery/handler_setup.hpp"

#include <algorithm>
#include <tuple>

#include "crypto/file.hpp"
#include "server/config/reload_units.hpp"
#include "server/delivery/brokers/brokers.hpp"
#include "server/delivery/exec_handler.hpp"
#include "server/delivery/thread_sender.hpp"

namespace couponhook::server {
namespace {

using std::chrono::milliseconds;
using HandlerPtr = std::shared_ptr<handlers::Handler>;
template <typename T>
using Prepared = boost::system::result<T, Problem>;

/// Longest time for which a circuit breaker stays open, so that a target that is back is found
/// soon.
constexpr milliseconds kOpenMax{5000};

/// Returns the options of a handler's worker. The circuit breaker uses the handler's retry times: a
/// handler with quick retries also probes its target quickly.
HandlerWorkerOptions worker_options(const HandlerConfig& config) {
  const OutwardConfig& outward = config.outward;
  HandlerWorkerOptions handler_worker;
  handler_worker.handler = config.name;
  handler_worker.retries = {outward.retry_initial, outward.retry_max, outward.max_attempts};
  handler_worker.breaker.open_initial = std::min(outward.retry_initial, kOpenMax);
  handler_worker.breaker.open_longest = std::min(outward.retry_max, kOpenMax);
  handler_worker.concurrency = outward.concurrency;
  return handler_worker;
}

/// Builds the object that calls the target of one handler. Each handler type has one overload,
/// which reads the files that the type needs.
class TargetMaker {
 public:
  TargetMaker(const HandlerConfig& config, const handlers::HandlerTypes& types, std::string where,
              std::vector<Problem>& problems)
      : config_(config), types_(types), config_key_(std::move(where)), problems_(problems) {}

  using Target = decltype(HandlerSetup::target);

  [[nodiscard]] std::shared_ptr<const crypto::Secret> secret() const { return secret_; }

  Target operator()(const LedgerHandlerConfig&) { return renewable(nullptr); }

  Target operator()(const HttpHandlerConfig& http) {
    HttpTarget target;
    target.keys = std::make_shared<base::Live<HttpKeys>>(nullptr);
    // An empty URL was already reported when the configuration was read.
    if (auto url = base::parse_url(http.url)) {
      target.url = std::move(*url);
    } else if (!http.url.empty()) {
      report("url", "\"" + http.url + "\" is not a URL; write https://host/path");
    }
    TlsContext client_tls;
    if (target.url.tls) {
      auto tls = make_client_tls(http.ca_file);
      if (!tls) report_file("ca_file", tls.error().text());
      if (tls) client_tls = *tls;
    }
    const auto secrets = crypto::read_file(http.secret_file, 4096);
    if (!secrets) {
      if (!http.secret_file.empty()) {
        report_file("secret_file: " + http.secret_file.string(), secrets.error().text());
      }
    } else if (auto signer = crypto::WebhookSigner::from_text(secrets->reveal())) {
      if (client_tls || !target.url.tls) {
        HttpKeys keys{std::move(*signer), std::move(client_tls)};
        target.keys->set(std::make_shared<const HttpKeys>(std::move(keys)));
      }
    } else {
      report_file("secret_file: " + http.secret_file.string(), signer.error());
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
        report_file("command", std::move(why));
      }
    }
    // The exec handler searches its program at each call, so a program that is installed later is
    // found.
    return renewable(std::make_shared<ExecHandler>(
        ExecOptions{exec.command, config_.outward.timeout, exec.max_output_bytes}));
  }

  Target operator()(const RedisHandlerConfig& redis) {
    return broker("url", make_redis(redis, settings(redis.password_file)));
  }
  Target operator()(const AmqpHandlerConfig& amqp) {
    if (!amqp.ca_file.empty()) {
      if (auto tls = make_client_tls(amqp.ca_file); !tls) {
        report_file("ca_file", tls.error().text());
      }
    }
    return broker("url", make_amqp(amqp, settings(amqp.password_file)));
  }
  Target operator()(const KafkaHandlerConfig& kafka) {
    return broker("properties", make_kafka(kafka, settings(kafka.password_file)));
  }

  Target operator()(const OwnHandlerConfig& own) {
    const auto type = types_.find(config_.type);
    if (type == types_.end()) {
      report("type", "\"" + config_.type +
                         "\" is not a handler type; the types are ledger, http, exec, redis, "
                         "amqp, kafka" +
                         names_of_types());
      return renewable(nullptr);
    }
    auto handler = type->second(
        {config_.name, own.options, config_.outward.timeout, config_.outward.concurrency});
    if (handler) return renewable(std::move(*handler));
    report_file("options", handler.error());
    return renewable(nullptr);
  }

 private:
  BrokerSettings settings(const std::filesystem::path& password_file) {
    BrokerSettings settings;
    settings.timeout = config_.outward.timeout;
    if (password_file.empty()) return settings;
    auto password = crypto::read_password(password_file);
    if (password) {
      secret_ = std::make_shared<const crypto::Secret>(std::string(password->reveal()));
      settings.password = std::move(*password);
    } else {
      report_file("password_file: " + password_file.string(), password.error().text());
    }
    return settings;
  }
  static std::shared_ptr<RenewableHandler> renewable(HandlerPtr handler) {
    return std::make_shared<RenewableHandler>(std::move(handler));
  }
  /// Builds the object that publishes to a message broker. If the broker's password could not be
  /// read, the handler is never called: the broker might lock our account after several failed
  /// log-ins.
  Target broker(const std::string& key, BrokerResult made) {
    if (!made) report_file(key, made.error());
    if (!made || lacks_files_) return renewable(nullptr);
    return renewable(std::make_shared<BrokerHandler>(std::move(*made), config_.outward.timeout));
  }
  /// Reports a problem in a [[handler]] table, which can only be repaired by editing the
  /// configuration.
  void report(const std::string& key, std::string message) {
    problems_.push_back({config_key_ + "." + key, std::move(message)});
  }
  /// Reports a problem with the content of a file that a handler needs. Such a problem may be
  /// repaired while the service runs.
  void report_file(const std::string& key, std::string message) {
    lacks_files_ = true;
    report(key, std::move(message));
    problems_.back().unit = handler_unit(config_.name);
  }
  [[nodiscard]] std::string names_of_types() const {
    std::string names;
    for (const auto& [name, factory] : types_) names += ", " + name;
    return names;
  }

  const HandlerConfig& config_;
  const handlers::HandlerTypes& types_;
  std::string config_key_;
  std::vector<Problem>& problems_;
  bool lacks_files_ = false;
  std::shared_ptr<const crypto::Secret> secret_;
};

/// Returns the broker address to which a handler publishes; empty for handlers without a broker.
struct BrokerAddressOf {
  std::string operator()(const RedisHandlerConfig& redis) const { return redis.url; }
  std::string operator()(const AmqpHandlerConfig& amqp) const { return amqp.url; }
  std::string operator()(const KafkaHandlerConfig& kafka) const { return kafka.brokers; }
  template <typename Other>
  std::string operator()(const Other&) const {
    return {};
  }
};

bool are_equal(const std::shared_ptr<const crypto::Secret>& a,
               const std::shared_ptr<const crypto::Secret>& b) {
  if (!a || !b) return a == b;
  return a->equals(b->reveal());
}

bool have_same_target(const base::Url& a, const base::Url& b) {
  return std::tie(a.tls, a.host, a.port, a.target) == std::tie(b.tls, b.host, b.port, b.target);
}

std::unique_ptr<Sender> make_sender(const HandlerSetup& setup, DeliveryThread& thread,
                                    const base::WallClock& clock, CallListener& listener) {
  if (const auto* http = std::get_if<HttpTarget>(&setup.target)) {
    return std::make_unique<HttpSender>(thread.io(), thread.deadlines(), thread.resolver(), *http,
                                        clock, listener);
  }
  return std::make_unique<ThreadSender>(setup.handler_worker.handler,
                                        std::get<std::shared_ptr<RenewableHandler>>(setup.target),
                                        setup.handler_worker.concurrency, clock, listener);
}

}  // namespace

bool HandlerSetup::is_loaded() const {
  if (const auto* http = std::get_if<HttpTarget>(&target)) return http->keys->get() != nullptr;
  return std::get<std::shared_ptr<RenewableHandler>>(target)->current() != nullptr;
}

HandlerSetup prepare_handler(const Config& config, const HandlerConfig& handler, std::size_t number,
                             const handlers::HandlerTypes& types, std::vector<Problem>& problems) {
  const std::string where = config.file.string() + ": handler[" + std::to_string(number) + "]";
  // Take the state of the handler's files before the files are read, so that every later change is
  // noticed.
  FileMarks files = read_file_marks(unit_files(config)[handler_unit(handler.name)]);
  TargetMaker make(handler, types, where, problems);
  HandlerSetup setup{worker_options(handler), std::visit(make, handler.own)};
  setup.files = std::move(files);
  setup.broker_address = std::visit(BrokerAddressOf{}, handler.own);
  setup.secret = make.secret();
  return setup;
}

std::vector<HandlerSetup> prepare_handlers(const Config& config,
                                           const handlers::HandlerTypes& types,
                                           std::vector<Problem>& problems) {
  std::vector<HandlerSetup> setups;
  std::size_t number = 0;
  for (const HandlerConfig& handler : config.handlers) {
    ++number;
    if (handler.is_ledger()) continue;
    setups.push_back(prepare_handler(config, handler, number, types, problems));
  }
  return setups;
}

void renew_handler(HandlerSetup& running, const HandlerSetup& fresh) {
  if (const auto* http = std::get_if<HttpTarget>(&running.target)) {
    const auto* theirs = std::get_if<HttpTarget>(&fresh.target);
    if (theirs == nullptr || !have_same_target(http->url, theirs->url)) return;
    http->keys->set(theirs->keys->get());
    return;
  }
  const auto* theirs = std::get_if<std::shared_ptr<RenewableHandler>>(&fresh.target);
  if (theirs == nullptr || running.broker_address != fresh.broker_address) return;
  // A handler that works is not replaced without need: a broker handler keeps its connections for
  // the next event.
  if (running.is_loaded() && running.files == fresh.files &&
      are_equal(running.secret, fresh.secret)) {
    return;
  }
  std::get<std::shared_ptr<RenewableHandler>>(running.target)->renew((*theirs)->current());
  running.secret = fresh.secret;
  running.files = fresh.files;
}

std::vector<HandlerWorkerSetup> make_handler_workers(const std::vector<HandlerSetup>& setups,
                                                     DeliveryThread& thread,
                                                     const base::WallClock& clock) {
  std::vector<HandlerWorkerSetup> handler_workers;
  for (const HandlerSetup& setup : setups) {
    handler_workers.push_back(
        {setup.handler_worker, [setup, &thread, clock](CallListener& listener) {
           return make_sender(setup, thread, clock, listener);
         }});
  }
  return handler_workers;
}

}  // namespace couponhook::server
