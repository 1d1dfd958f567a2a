#include "server/service/service.hpp"

#include <algorithm>
#include <csignal>
#include <random>
#include <thread>

#include <unistd.h>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/ip/address.hpp>
#include <boost/asio/signal_set.hpp>

#include "base/bug.hpp"
#include "server/admin/metrics_listener.hpp"
#include "server/net/activation.hpp"
#include "server/receive/health_path.hpp"
#include "server/receive/receiver.hpp"
#include "server/service/alert_watch.hpp"
#include "server/service/handler_delivery.hpp"
#include "server/service/listener_threads.hpp"
#include "server/service/live_setup.hpp"
#include "server/service/maintenance.hpp"
#include "server/service/open_files.hpp"
#include "server/service/outbound_calls.hpp"
#include "server/service/reloader.hpp"
#include "server/service/runtime_figures.hpp"
#include "server/service/service_connections.hpp"
#include "server/service/shutdown_watchdog.hpp"
#include "server/service/status_endpoint.hpp"

namespace couponhook::server {
namespace {

using std::chrono::milliseconds;

constexpr milliseconds kFileWatchInterval{2000};
constexpr milliseconds kDrainPoll{20};
/// Time that the shutdown may need after the last reply: for a last commit, and for the end of the
/// threads.
constexpr milliseconds kShutdownGrace{1000};

storage::LeaseTerms lease_terms(const Config& config, const ServiceOptions& options) {
  return {options.replica, config.deliveries.lease};
}

storage::InboxOptions inbox_options(const Config& config, storage::LeaseTerms leases,
                                    std::function<void()> on_deliveries) {
  return {.queue_max = config.store.max_queued,
          .queue_bytes_max = config.store.max_queued_bytes,
          .batch_max = config.store.max_batch,
          .busy_max = config.store.commit_timeout,
          .lease_terms = std::move(leases),
          .on_deliveries = std::move(on_deliveries)};
}

/// All parts of the running service.
///
/// A notification comes in at listener_, is examined and answered by receiver_, committed by
/// inbox_, and sent to the handlers by deliveries_. These parts are declared in the reverse order:
/// each refers to the one behind it, which must outlive it, and C++ destroys members in the reverse
/// order of their declaration.
class Service {
 public:
  Service(Setup setup, std::span<const Problem> problems, ServiceOptions options,
          ServiceConnections connections, storage::Store& store);
  Service(const Service&) = delete;
  Service& operator=(const Service&) = delete;
  /// Stops the threads, for the case that an exception ended run() before it stopped them.
  ~Service() { stop_threads({}); }

  std::optional<Problem> listen();
  /// Starts the maintenance thread, which purges old data from the store.
  void maintain(std::unique_ptr<storage::Connection> connection);
  /// Starts the scheduled reconciliation with WeChat Pay's records, if it is configured. Returns
  /// the problem if it cannot start.
  std::optional<Problem> reconcile() { return outbound_.reconcile(setup_.config); }
  void run();

 private:
  enum class Phase : unsigned char { kServing, kDraining, kClosing };

  Task<void> handle_signals(asio::signal_set& signals, Phase& phase);
  Task<void> watch_files(const Phase& phase);
  /// Runs one step of the reloader. An exception of the step is logged, and the service continues.
  template <typename Step>
  void reload(Step step);
  /// Reloads a merchant's keys on the service's own thread. Thread-safe.
  void reload_merchant(const std::string& mchid);
  void apply_config(const Config& config);
  void note_unknown_serial(std::string_view mchid, std::string_view serial);
  /// Asks whether this replica is ready; `done` is called on the admin listener's thread.
  void check_health(std::function<void(bool)> done);
  /// Reads the metrics; `done` is called on the admin listener's thread.
  void read_metrics(std::function<void(std::string)> done);
  [[nodiscard]] RuntimeFigures runtime_figures();
  /// Asks why this replica is not ready; `done` is called on the admin listener's thread.
  void ask_readiness(AlertWatch::ReadinessAnswer done);
  /// Takes the receivers of alerts from a configuration. A failure is logged.
  void configure_alerts(const Config& config);
  void log_expired_keys();
  void tell_store_failure(const storage::Failure& failure) {
    log_.message(Severity::kError, "store_failed", failure.message);
  }
  void log_bug(std::exception_ptr bug) {
    log_.message(Severity::kError, "bug", base::describe_exception(bug));
  }
  void begin_drain();
  void close();
  void stop_threads(SteadyClock::time_point stop_by);
  bool wait_for_sessions(milliseconds timeout) const;

  // Used by all parts. The shutdown watchdog also guards the destruction of the members below it.
  Setup setup_;
  ServiceOptions options_;
  Log log_;
  ShutdownWatchdog forced_end_{log_};
  LiveSetup live_;
  asio::io_context io_{1};  // event loop of the thread that runs the service

  // The end of a notification's way.
  HandlerDelivery deliveries_;
  storage::Inbox inbox_;

  // Keys are downloaded, and reloaded from files, while the service runs.
  OutboundCalls outbound_;
  Reloader reloader_;

  // The beginning of a notification's way.
  ReplyCounters reply_counters_;
  HistoryRecorder history_;
  UnknownSerials unknown_serials_;
  Receiver receiver_;
  HealthPath health_path_;
  ListenerThreads listener_;

  // For operators.
  AlertCounters alert_counters_;
  StatusEndpoint status_;
  MetricsListener metrics_;
  std::optional<ListenerThreads> metrics_listener_;
  ListenerThreads admin_listener_;
  bool admin_passed_ = false;
  AlertWatch alerts_;
  std::optional<Maintenance> maintenance_;
};

Service::Service(Setup setup, std::span<const Problem> problems, ServiceOptions options,
                 ServiceConnections connections, storage::Store& store)
    : setup_(std::move(setup)),
      options_(std::move(options)),
      log_(setup_.config.log),
      live_(setup_),
      deliveries_(std::move(connections.deliveries), setup_, lease_terms(setup_.config, options_),
                  options_.clock, options_.random_seed, log_),
      inbox_(
          std::move(connections.writers),
          inbox_options(setup_.config, lease_terms(setup_.config, options_),
                        [this] { deliveries_.wake_all_replicas(); }),
          [clock = options_.clock] { return base::to_unix_ms(clock()); },
          [this](const storage::Failure& failure) { tell_store_failure(failure); }),
      outbound_(setup_.config, {store, setup_.rules, inbox_, options_.clock, log_},
                [this](const std::string& mchid) { reload_merchant(mchid); }),
      reloader_(setup_.config, setup_.marks, problems,
                {live_, setup_.handlers, outbound_.fetched(),
                 [this](const Config& config) { apply_config(config); }},
                options_.environment, options_.handler_types, options_.clock, log_),
      history_(reply_counters_, options_.clock),
      receiver_(live_.merchants, setup_.rules, inbox_, deliveries_.worker(), reply_counters_, log_,
                options_.clock,
                {setup_.config.listener.reply_budget, setup_.config.listener.success_status,
                 [this](std::string_view mchid, std::string_view serial) {
                   note_unknown_serial(mchid, serial);
                 }}),
      health_path_(setup_.config.listener.health_path, receiver_,
                   [this](std::function<void(bool)> done) { check_health(std::move(done)); }),
      listener_(io_thread_names(setup_.config.listener), listener_limits(setup_.config.listener),
                TrustedProxies(setup_.config.listener.trusted_proxies), health_path_,
                [this] { return live_.tls.get()->context; },
                {[this](std::exception_ptr bug) { log_bug(bug); },
                 [this](std::size_t evictions) { receiver_.note_evictions(evictions); }}),
      status_(setup_.config, std::move(connections.operators),
              {live_, setup_.rules, inbox_, deliveries_, outbound_, reloader_, reply_counters_,
               unknown_serials_, receiver_.signature_faults(), history_,
               [this] { return runtime_figures(); }, alert_counters_, options_.environment,
               options_.clock, log_}),
      metrics_([this](std::function<void(std::string)> done) { read_metrics(std::move(done)); }),
      admin_listener_({"admin"}, admin_limits(setup_.config), TrustedProxies(),
                      status_.request_handler(), [this] { return live_.admin_tls.get()->context; },
                      {[this](std::exception_ptr bug) { log_bug(bug); }}),
      alerts_({store, live_, reloader_.counters(), unknown_serials_,
               [this](AlertWatch::ReadinessAnswer done) { ask_readiness(std::move(done)); },
               options_.replica, options_.clock, alert_counters_, log_,
               [this](std::exception_ptr bug) { log_bug(bug); }}) {
  if (setup_.config.admin.metrics_port == 0) return;
  metrics_listener_.emplace(
      std::vector<std::string>{"metrics"}, admin_limits(setup_.config), TrustedProxies(), metrics_,
      [] { return TlsContext(); },
      ListenerShare::Observers{[this](std::exception_ptr bug) { log_bug(bug); }});
}

std::optional<Problem> Service::listen() {
  const Config& config = setup_.config;
  const std::string file = config.file.string();
  const auto passed = passed_sockets(options_.environment, ::getpid());
  if (!passed) return Problem{"LISTEN_FDS", passed.error()};
  admin_passed_ = passed->admin.has_value();
  const ListeningPlace admin{config.admin.address, config.admin.port, passed->admin,
                             file + ": admin"};
  const ListeningPlace listener{config.listener.address, config.listener.port, passed->listener,
                                file + ": listener"};
  if (auto problem = admin_listener_.listen(admin)) return problem;
  if (metrics_listener_) {
    const ListeningPlace metrics{config.admin.metrics_address, config.admin.metrics_port,
                                 std::nullopt, file + ": admin", "metrics_"};
    if (auto problem = metrics_listener_->listen(metrics)) return problem;
  }
  return listener_.listen(listener);
}

void Service::maintain(std::unique_ptr<storage::Connection> connection) {
  std::random_device random;
  const milliseconds interval = setup_.config.store.maintenance_interval;
  std::uniform_int_distribution<milliseconds::rep> offset(0, interval.count());
  maintenance_.emplace(
      std::move(connection),
      Maintenance::Options{setup_.config.store, std::to_string(random()) + std::to_string(random()),
                           milliseconds(offset(random)), handler_names(setup_.config).served},
      options_.clock, [this](const storage::Failure& failure) { tell_store_failure(failure); },
      history_, log_);
}

void Service::run() {
  admin_listener_.start();
  if (metrics_listener_) metrics_listener_->start();
  listener_.start();
  // Store a test row, so that the connection to the store opens before the first notification
  // arrives. A failure is logged.
  static_cast<void>(inbox_.probe(nullptr));
  deliveries_.start([this](std::exception_ptr bug) { log_bug(bug); });
  outbound_.start_certificates();
  configure_alerts(setup_.config);
  Phase phase = Phase::kServing;
  log_expired_keys();
  const std::string too_few = raise_open_file_limit(setup_.config);
  if (!too_few.empty()) log_.message(Severity::kWarning, "open_files_limit", too_few);
  asio::signal_set signals(io_, SIGTERM, SIGINT, SIGHUP);
  const auto rethrow = [](std::exception_ptr failure) {
    if (failure) std::rethrow_exception(failure);
  };
  asio::co_spawn(io_, handle_signals(signals, phase), rethrow);
  asio::co_spawn(io_, watch_files(phase), rethrow);
  ServiceUrls urls;
  urls.listener = url_of(setup_.config.listener.tls, listener_.endpoint());
  urls.admin = url_of(setup_.admin_tls != nullptr, admin_listener_.endpoint());
  if (metrics_listener_) urls.metrics = url_of(false, metrics_listener_->endpoint());
  options_.on_ready(urls);
  log_.started(COUPONHOOK_VERSION, urls.listener, urls.admin);
  while (phase == Phase::kServing) io_.run_one();
  begin_drain();
  const auto delay_over = SteadyClock::now() + setup_.config.listener.drain_delay;
  while (phase == Phase::kDraining && io_.run_one_until(delay_over) != 0) continue;
  close();
  // From now on, ignore SIGTERM, SIGINT and SIGHUP: another signal must not end the process before
  // the shutdown is finished.
  signals.clear();
  for (const int asked : {SIGTERM, SIGINT, SIGHUP}) std::signal(asked, SIG_IGN);
}

/// Handles signals. The first SIGTERM or SIGINT starts the drain (orderly shutdown). The second
/// signal ends the wait for the load balancer (drain_delay) early. SIGHUP reloads the configuration
/// and all keys.
Task<void> Service::handle_signals(asio::signal_set& signals, Phase& phase) {
  while (phase != Phase::kClosing) {
    const auto [ec, signal] = co_await signals.async_wait(use_task);
    if (!ec && signal == SIGHUP) {
      reload([this] { reloader_.load_all(); });
    } else {
      phase = phase == Phase::kServing ? Phase::kDraining : Phase::kClosing;
    }
  }
}

Task<void> Service::watch_files(const Phase& phase) {
  Timer timer(co_await asio::this_coro::executor);
  while (phase == Phase::kServing) {
    timer.expires_after(kFileWatchInterval);
    co_await timer.async_wait(use_task);
    reload([this] { reloader_.load_due(); });
  }
}

void Service::log_expired_keys() {
  const auto now = std::chrono::floor<std::chrono::seconds>(options_.clock());
  const auto merchants = live_.merchants.get();
  for (const Merchant& merchant : merchants->all()) {
    for (const crypto::KeyInfo& key : merchant.platform_keys.list()) {
      if (!key.expires_at || *key.expires_at >= now) continue;
      log_.message(Severity::kWarning, "key_expired",
                   "the platform certificate with serial " + key.serial +
                       " has expired and is not used; remove its file");
    }
  }
}

template <typename Step>
void Service::reload(Step step) {
  try {
    step();
  } catch (...) {
    log_.message(Severity::kError, "reload_refused",
                 base::describe_exception(std::current_exception()));
  }
}

void Service::reload_merchant(const std::string& mchid) {
  const auto load = [this, mchid] { reloader_.load(merchant_unit(mchid)); };
  asio::post(io_, [this, load] { reload(load); });
}

void Service::note_unknown_serial(std::string_view mchid, std::string_view serial) {
  unknown_serials_.note(mchid, serial);
  outbound_.certificates().serial_unknown(mchid, serial);
}

void Service::check_health(std::function<void(bool)> done) {
  ask_readiness([done = std::move(done)](std::optional<std::vector<std::string>> reasons) {
    done(reasons && reasons->empty());
  });
}

void Service::read_metrics(std::function<void(std::string)> done) {
  asio::co_spawn(admin_listener_.executor(), status_.read_metrics(),
                 [done = std::move(done)](std::exception_ptr failure, std::string text) {
                   done(failure ? std::string() : std::move(text));
                 });
}

RuntimeFigures Service::runtime_figures() {
  return read_runtime_figures({setup_.config, live_, listener_, admin_listener_,
                               metrics_listener_ ? &*metrics_listener_ : nullptr,
                               deliveries_.worker(), inbox_, receiver_.signature_metrics()});
}

void Service::ask_readiness(AlertWatch::ReadinessAnswer done) {
  asio::co_spawn(
      admin_listener_.executor(), status_.reasons_against(),
      [done = std::move(done)](std::exception_ptr failure, std::vector<std::string> reasons) {
        done(failure ? std::nullopt : std::optional(std::move(reasons)));
      });
}

void Service::configure_alerts(const Config& config) {
  if (const auto problem = alerts_.reconfigure(config)) {
    log_.message(Severity::kError, "alerts_failed", problem->where + " " + problem->message);
  }
}

void Service::apply_config(const Config& config) {
  configure_alerts(config);
  if (const auto problem = outbound_.reconfigure(config)) {
    log_.message(Severity::kError, "reconcile_failed", problem->where + " " + problem->message);
  }
}

bool Service::wait_for_sessions(milliseconds timeout) const {
  const auto until = SteadyClock::now() + timeout;
  while (listener_.busy() && SteadyClock::now() < until) std::this_thread::sleep_for(kDrainPoll);
  return !listener_.busy();
}

void Service::begin_drain() {
  outbound_.ask_to_stop();
  alerts_.ask_to_stop();
  if (maintenance_) maintenance_->ask_to_stop();
  status_.begin_drain();
  listener_.drain();
  log_.message(Severity::kInfo, "draining", "asked to stop; finishing what is in flight");
}

void Service::close() {
  const ListenerConfig& listener = setup_.config.listener;
  const milliseconds timeout = listener.drain_timeout + listener.reply_budget;
  const auto stop_by = SteadyClock::now() + timeout;
  forced_end_.begin(timeout + kShutdownGrace);
  listener_.close();
  // If systemd opened the admin listener's socket (socket activation), stop accepting on it. New
  // requests then wait in the socket for the next process.
  if (admin_passed_) admin_listener_.close();
  if (!wait_for_sessions(listener.drain_timeout)) {
    listener_.abort();
    // A session that waits for the store cannot be aborted. It ends when its reply budget (time
    // limit for a reply) is over, at the latest.
    wait_for_sessions(listener.reply_budget);
  }
  stop_threads(stop_by);
  log_.message(Severity::kInfo, "stopped", "everything acknowledged is committed");
}

/// Stops all threads. Threads that post work to the I/O threads stop before the I/O threads do: the
/// store's writer posts commit results, and the delivery worker posts handler results. It is safe
/// to call this function twice. The maintenance thread ends after everything that counts, because
/// it writes the last counts into the history.
/// \param stop_by time until which the function waits for running handler calls.
void Service::stop_threads(SteadyClock::time_point stop_by) {
  alerts_.stop();
  if (maintenance_) maintenance_->ask_to_stop();
  outbound_.stop_reconciler();
  inbox_.stop();
  deliveries_.stop(
      std::max(std::chrono::floor<milliseconds>(stop_by - SteadyClock::now()), milliseconds(0)));
  listener_.stop();
  maintenance_.reset();
  if (metrics_listener_) metrics_listener_->stop();
  admin_listener_.stop();
}

}  // namespace

std::optional<Problem> run_service(Setup setup, std::vector<Problem> problems,
                                   storage::Store& store, ServiceOptions options) {
  const Config config = setup.config;
  auto connections = open_connections(store, config);
  if (!connections) {
    return Problem{config.file.string() + ": store.url", connections.error().message};
  }
  auto maintenance = std::move(connections->maintenance);
  Service service(std::move(setup), problems, std::move(options), std::move(*connections), store);
  if (auto problem = service.listen()) return problem;
  service.maintain(std::move(maintenance));
  if (auto problem = service.reconcile()) return problem;
  service.run();
  return std::nullopt;
}

}  // namespace couponhook::server
