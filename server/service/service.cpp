#include "server/service/service.hpp"

#include <algorithm>
#include <csignal>
#include <list>
#include <random>
#include <thread>

#include <unistd.h>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/ip/address.hpp>
#include <boost/asio/signal_set.hpp>

#include "base/bug.hpp"
#include "crypto/random.hpp"
#include "server/admin/admin.hpp"
#include "server/delivery/replica_waker.hpp"
#include "server/net/activation.hpp"
#include "server/net/io_thread.hpp"
#include "server/outbound/certificate_keeper.hpp"
#include "server/receive/receiver.hpp"
#include "server/service/listening.hpp"
#include "server/service/maintenance.hpp"
#include "server/service/open_files.hpp"
#include "server/service/reloader.hpp"
#include "server/service/service_connections.hpp"
#include "server/service/shutdown_watchdog.hpp"

namespace couponhook::server {
namespace {

using std::chrono::milliseconds;

constexpr milliseconds kFileWatchInterval{2000};
constexpr milliseconds kDrainPoll{20};
/// Time that the shutdown may need after the last reply: for a last commit, and for the end of the
/// threads.
constexpr milliseconds kLastMoments{1000};

storage::LeaseTerms lease_terms(const Config& config, const ServiceOptions& options) {
  return {options.replica, config.deliveries.lease};
}

/// All parts of the running service. The order of the members is important: each member outlives
/// the members that refer to it, because C++ destroys members in reverse order.
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
  /// Starts the scheduled reconciliation with WeChat Pay's records, or gives the running
  /// reconciliation a new configuration. Returns the problem if the reconciliation cannot start.
  std::optional<Problem> reconcile(const Config& config);
  void run();

 private:
  enum class Phase : unsigned char { kServing, kDraining, kClosing };

  Task<void> obey_signals(asio::signal_set& signals, Phase& phase);
  Task<void> watch_files(const Phase& phase);
  /// Wakes the delivery workers of this and of all other replicas, because deliveries are waiting.
  void deliveries_wait() noexcept {
    worker_.wake();
    waker_.announce();
  }
  /// Runs one step of the reloader. An exception of the step is logged, and the service continues.
  template <typename Step>
  void reload(Step step);
  void apply_config(const Config& config);
  void tell_expired_keys();
  void tell_bug(std::exception_ptr bug) {
    log_.message(Severity::kError, "bug", base::describe_exception(bug));
  }
  void begin_drain();
  void close();
  void stop_threads(SteadyClock::time_point stop_by);
  bool wait_for_sessions(milliseconds patience) const;

  Setup setup_;
  ServiceOptions options_;
  storage::Store& store_;
  Log log_;
  ShutdownWatchdog forced_end_{log_};
  base::Live<Merchants> merchants_;
  base::Live<ServedTls> tls_;
  base::Live<ServedTls> admin_tls_;
  base::Live<crypto::Secret> admin_token_;
  ReplyCounters tally_;
  std::string engine_;
  storage::Reader reader_;
  DeliveryThread delivery_thread_;
  DeliveryWorker worker_;
  ReplicaWaker waker_;
  storage::Inbox inbox_;
  Readiness readiness_;
  std::shared_ptr<CallPace> pace_ = std::make_shared<CallPace>();
  asio::io_context io_{1};  // event loop of the thread that runs the service
  FetchedCertificates fetched_;
  CertificateKeeper certificates_;
  Reloader reloader_;
  UnknownSerials unknown_serials_;
  Receiver receiver_;
  HandlerNames handlers_{handler_names(setup_.config)};
  RetryJobs retries_;
  DeliveryAdmin operations_;
  ReconcileIntake books_;
  ReconcileCounters reconciled_;
  Admin admin_;
  ListenerShare share_;
  ListenerShare admin_share_;
  bool admin_passed_ = false;
  std::list<IoThread> admin_threads_;
  std::list<IoThread> threads_;
  std::optional<Maintenance> maintenance_;
  std::optional<Reconciler> reconciler_;
};

Service::Service(Setup setup, std::span<const Problem> problems, ServiceOptions options,
                 ServiceConnections connections, storage::Store& store)
    : setup_(std::move(setup)),
      options_(std::move(options)),
      store_(store),
      log_(setup_.config.log),
      merchants_(setup_.merchants),
      tls_(std::make_shared<const ServedTls>(
          ServedTls{setup_.tls, setup_.config.listener.tls_certificate})),
      admin_tls_(std::make_shared<const ServedTls>(
          ServedTls{setup_.admin_tls, setup_.config.admin.tls_certificate})),
      admin_token_(std::make_shared<const crypto::Secret>(std::move(setup_.admin_token))),
      engine_(connections.writers.at(0)->engine()),
      reader_(std::move(connections.reader)),
      worker_(std::make_unique<storage::Deliveries>(std::move(connections.deliveries),
                                                    lease_terms(setup_.config, options_)),
              make_lanes(setup_.handlers, delivery_thread_, options_.clock),
              WorkerOptions{.lease = setup_.config.deliveries.lease,
                            .poll = setup_.config.deliveries.poll},
              WorkerClocks{options_.clock}, options_.random_seed, log_),
      waker_(std::move(connections.wake_channel), [this] { worker_.wake(); }),
      inbox_(
          std::move(connections.writers),
          storage::InboxOptions{.queue_max = setup_.config.store.max_queued,
                                .queue_bytes_max = setup_.config.store.max_queued_bytes,
                                .batch_max = setup_.config.store.max_batch,
                                .busy_max = setup_.config.store.commit_timeout,
                                .lease_terms = lease_terms(setup_.config, options_),
                                .on_deliveries = [this] { deliveries_wait(); }},
          [clock = options_.clock] { return base::to_unix_ms(clock()); },
          [this](const storage::Failure& failure) {
            log_.message(Severity::kError, "store_failed", failure.message);
          }),
      readiness_(inbox_, merchants_, worker_, options_.clock, setup_.config.listener.reply_budget),
      certificates_(
          setup_.config, options_.clock, crypto::system_random(), pace_, fetched_,
          [this](const std::string& mchid) {
            const auto load = [this, mchid] { reloader_.load(merchant_unit(mchid)); };
            asio::post(io_, [this, load] { reload(load); });
          },
          log_),
      reloader_(setup_.config, setup_.marks, problems,
                {merchants_, tls_, admin_tls_, admin_token_, setup_.handlers, fetched_,
                 [this](const Config& config) { apply_config(config); }},
                options_.environment, options_.handler_types, options_.clock, log_),
      receiver_(merchants_, setup_.rules, inbox_, worker_, tally_, log_, options_.clock,
                {setup_.config.listener.reply_budget, setup_.config.listener.success_status,
                 [this](std::string_view mchid, std::string_view serial) {
                   unknown_serials_.note(mchid, serial);
                   certificates_.serial_unknown(mchid, serial);
                 }}),
      retries_(storage::Reader(std::move(connections.retries_reader)),
               storage::DeliveryControl(std::move(connections.retries)), options_.clock,
               handlers_.served, [this] { deliveries_wait(); }),
      operations_({reader_, inbox_, merchants_, setup_.rules, handlers_, options_.clock,
                   [this] { deliveries_wait(); }, log_},
                  std::move(connections.control), retries_),
      books_({merchants_, setup_.rules, inbox_, options_.clock}),
      admin_({merchants_, tally_, inbox_, reader_, engine_, readiness_, options_.clock,
              admin_token_, handlers_, operations_, books_, reconciled_, unknown_serials_,
              reloader_.counters(), certificates_, tls_, admin_tls_}),
      share_(
          listener_limits(setup_.config.listener),
          TrustedProxies(setup_.config.listener.trusted_proxies), receiver_,
          [this] { return tls_.get()->context; },
          ListenerShare::Observers{
              [this](std::exception_ptr bug) { tell_bug(bug); },
              [this](std::size_t evictions) { receiver_.note_evictions(evictions); }}),
      admin_share_(
          admin_limits(setup_.config), TrustedProxies(), admin_,
          [this] { return admin_tls_.get()->context; },
          ListenerShare::Observers{[this](std::exception_ptr bug) { tell_bug(bug); }}) {
  std::size_t count = setup_.config.listener.threads;
  if (count == 0) count = std::max(1U, std::thread::hardware_concurrency());
  for (std::size_t i = 0; i < count; ++i) threads_.emplace_back(share_, "io-" + std::to_string(i));
  admin_threads_.emplace_back(admin_share_, "admin");
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
  if (auto problem = listen_on_all(admin_threads_, admin)) return problem;
  return listen_on_all(threads_, listener);
}

void Service::maintain(std::unique_ptr<storage::Connection> connection) {
  std::random_device random;
  const milliseconds interval = setup_.config.store.maintenance_interval;
  std::uniform_int_distribution<milliseconds::rep> offset(0, interval.count());
  maintenance_.emplace(
      std::move(connection),
      Maintenance::Options{setup_.config.store, std::to_string(random()) + std::to_string(random()),
                           milliseconds(offset(random)), handlers_.served},
      options_.clock,
      [this](const storage::Failure& failure) {
        log_.message(Severity::kError, "store_failed", failure.message);
      },
      log_);
}

std::optional<Problem> Service::reconcile(const Config& config) {
  if (reconciler_) {
    reconciler_->reconfigure(config);
    return std::nullopt;
  }
  if (!Reconciler::has_work(config)) return std::nullopt;
  auto connections = open_reconciler_connections(store_);
  if (!connections) {
    return Problem{config.file.string() + ": store.url", connections.error().message};
  }
  reconciler_.emplace(config, std::move(*connections),
                      ReconcilerSources{setup_.rules, inbox_, reconciled_, options_.clock,
                                        crypto::system_random(), pace_, fetched_, log_});
  reconciler_->start();
  return std::nullopt;
}

void Service::run() {
  for (IoThread& thread : admin_threads_) thread.start();
  for (IoThread& thread : threads_) thread.start();
  // Store a test row, so that the connection to the store opens before the first notification
  // arrives. A failure is logged.
  static_cast<void>(inbox_.probe(nullptr));
  delivery_thread_.start([this](std::exception_ptr bug) {
    log_.message(Severity::kError, "bug", base::describe_exception(bug));
  });
  worker_.start();
  waker_.start();
  certificates_.start();
  Phase phase = Phase::kServing;
  tell_expired_keys();
  const std::string too_few = raise_open_file_limit(setup_.config);
  if (!too_few.empty()) log_.message(Severity::kWarning, "open_files_limit", too_few);
  asio::signal_set signals(io_, SIGTERM, SIGINT, SIGHUP);
  const auto rethrow = [](std::exception_ptr failure) {
    if (failure) std::rethrow_exception(failure);
  };
  asio::co_spawn(io_, obey_signals(signals, phase), rethrow);
  asio::co_spawn(io_, watch_files(phase), rethrow);
  options_.on_ready(url_of(setup_.config.listener.tls, threads_.front().endpoint()),
                    url_of(setup_.admin_tls != nullptr, admin_threads_.front().endpoint()));
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
Task<void> Service::obey_signals(asio::signal_set& signals, Phase& phase) {
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
    reload([this] { reloader_.look(); });
  }
}

void Service::tell_expired_keys() {
  const auto now = std::chrono::floor<std::chrono::seconds>(options_.clock());
  const auto merchants = merchants_.get();
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

void Service::apply_config(const Config& config) {
  certificates_.reconfigure(config);
  if (const auto problem = reconcile(config)) {
    log_.message(Severity::kError, "reconcile_failed", problem->where + " " + problem->message);
  }
}

bool Service::wait_for_sessions(milliseconds patience) const {
  const auto until = SteadyClock::now() + patience;
  while (share_.busy() && SteadyClock::now() < until) std::this_thread::sleep_for(kDrainPoll);
  return !share_.busy();
}

void Service::begin_drain() {
  certificates_.ask_to_stop();
  if (reconciler_) reconciler_->ask_to_stop();
  if (maintenance_) maintenance_->ask_to_stop();
  readiness_.begin_drain();
  for (IoThread& thread : threads_) thread.drain();
  log_.message(Severity::kInfo, "draining", "asked to stop; finishing what is in flight");
}

void Service::close() {
  const ListenerConfig& listener = setup_.config.listener;
  const milliseconds patience = listener.drain_timeout + listener.reply_budget;
  const auto stop_by = SteadyClock::now() + patience;
  forced_end_.begin(patience + kLastMoments);
  for (IoThread& thread : threads_) thread.close();
  // If systemd opened the admin listener's socket (socket activation), stop accepting on it. New
  // requests then wait in the socket for the next process.
  if (admin_passed_) admin_threads_.front().close();
  if (!wait_for_sessions(listener.drain_timeout)) {
    for (IoThread& thread : threads_) thread.abort();
    // A session that waits for the store cannot be aborted. It ends when its reply budget (time
    // limit for a reply) is over, at the latest.
    wait_for_sessions(listener.reply_budget);
  }
  stop_threads(stop_by);
  log_.message(Severity::kInfo, "stopped", "everything acknowledged is committed");
}

/// Stops all threads. Threads that post work to the I/O threads stop before the I/O threads do: the
/// store's writer posts commit results, and the delivery worker posts handler results. It is safe
/// to call this function twice.
/// \param stop_by time until which the function waits for running handler calls.
void Service::stop_threads(SteadyClock::time_point stop_by) {
  maintenance_.reset();
  reconciler_.reset();
  inbox_.stop();
  waker_.stop();
  worker_.stop(
      std::max(std::chrono::floor<milliseconds>(stop_by - SteadyClock::now()), milliseconds(0)));
  delivery_thread_.stop();
  for (IoThread& thread : threads_) thread.stop();
  for (IoThread& thread : admin_threads_) thread.stop();
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
  if (auto problem = service.reconcile(config)) return problem;
  service.run();
  return std::nullopt;
}

}  // namespace couponhook::server
