#pragma once

/// \file
/// The delivery worker: claims deliveries that are due (to be made now) from the store, hands them
/// to the senders, which call the handlers, and records the results.

#include <atomic>
#include <functional>
#include <list>
#include <memory>
#include <random>
#include <span>
#include <string>
#include <thread>
#include <vector>

#include "base/clock.hpp"
#include "server/delivery/classified_result.hpp"
#include "server/delivery/delivery_waiter.hpp"
#include "server/delivery/handler_worker.hpp"
#include "server/delivery/in_flight_deliveries.hpp"
#include "server/delivery/worker_mailbox.hpp"
#include "server/log/log.hpp"
#include "storage/deliveries.hpp"

namespace couponhook::server {

struct WorkerOptions {
  /// Duration of a lease (the right of one replica to make a delivery), as in storage::LeaseTerms.
  /// Leases are renewed after a third of this time.
  std::chrono::milliseconds lease{10'000};
  /// Longest time between two searches of the store for due deliveries (to be made now), if nothing
  /// wakes the delivery worker. It limits the delay if the wake-up of another replica is lost, or
  /// if the leases of a killed replica expire, which nobody announces.
  std::chrono::milliseconds poll{1'000};
  /// Pause after an error of the store (the database).
  std::chrono::milliseconds failure_pause{200};
};

struct WorkerClocks {
  base::WallClock wall;  ///< wall-clock time, which decides if a delivery is to be made now
  base::MonotonicClock monotonic = &std::chrono::steady_clock::now;
};

/// Options of one handler, and the function that makes its sender (the object that calls the
/// handler).
struct HandlerWorkerSetup {
  HandlerWorkerOptions options;
  std::function<std::unique_ptr<Sender>(CallListener&)> make_sender;
};

/// One thread that does all database operations of deliveries; the senders, which call the
/// handlers, have their own threads. Results are recorded in batches: while one batch is committed,
/// the results of the next batch are collected.
///
/// An attempt is counted in the store just before its call begins. So a crash counts no attempt for
/// deliveries that only waited. A finished call is recorded before its lease is released. So a
/// crash repeats at most the calls that were in flight. Thread-safe, except start() and stop().
class DeliveryWorker final : public CallListener, public DeliveryWaiter {
 public:
  /// Makes a delivery worker; its thread is not started yet. \param log must outlive this object.
  DeliveryWorker(std::unique_ptr<storage::Deliveries> deliveries,
                 std::vector<HandlerWorkerSetup> handler_workers, WorkerOptions options,
                 WorkerClocks clocks, std::uint64_t seed, Log& log);
  ~DeliveryWorker() override;

  void start();
  /// Stops the delivery worker: claims no more deliveries, gives back those for which no call has
  /// begun, and waits for running calls. If a call runs longer than `timeout`, the worker stops
  /// waiting for it; the lease of its delivery expires by itself.
  void stop(std::chrono::milliseconds timeout);
  /// Runs one round of the delivery worker's loop: processes messages from other threads, records
  /// results, claims due deliveries and sends them. Public so that tests need no thread.
  /// \return the latest time at which the next round must begin.
  SteadyClock::time_point work_once();

  /// Wakes the worker after new deliveries were stored.
  void wake() noexcept { completions_.put_new_deliveries(); }

  void called(Called&& call) noexcept override { completions_.put(std::move(call)); }
  void handle(HandledRequest&& request) override { completions_.put(std::move(request)); }

  /// Returns true if the delivery worker has begun a round of its loop within the last 30 s.
  [[nodiscard]] bool alive() const;

  /// Returns the counters of each handler's calls in this process. Thread-safe.
  [[nodiscard]] std::vector<HandlerFigures> handler_figures() const;

 private:
  void run();
  [[nodiscard]] SteadyClock::time_point next_claim() const;

  void classify(std::vector<Called>&& calls);
  [[nodiscard]] ClassifiedResult classified(Called&& call, const HandlerWorker& handler_worker);
  void note_target(const Called& call, HandlerWorker& handler_worker);
  void record();
  void report(const ClassifiedResult& result, bool counted);

  void begin_waiting();
  void claim();
  [[nodiscard]] SteadyClock::time_point when_due(std::span<const storage::ClaimRequest> wanted);
  void send(storage::ClaimedDelivery&& delivery, HandlerWorker& handler_worker, Priority priority);
  void renew();
  void lost(std::int64_t delivery_id);

  void serve(HandledRequest&& request);
  /// Deliveries that a reply to WeChat Pay waits for, and the result of the notification's other
  /// deliveries.
  struct Awaited {
    std::vector<std::int64_t> ids;
    Handled so_far = Handled::kDone;
  };
  [[nodiscard]] Awaited send_leased_at_admission(HandledRequest& request);
  [[nodiscard]] Awaited send_copy(const HandledRequest& request);
  void ask_again();

  void begin_stop(SteadyClock::time_point stop_by);
  void give_back(std::vector<storage::ClaimedDelivery>&& not_begun);
  [[nodiscard]] HandlerWorker* find_worker(std::string_view handler);
  [[nodiscard]] std::int64_t now_ms() const { return base::to_unix_ms(clocks_.wall()); }
  [[nodiscard]] SteadyClock::time_point monotonic_now() const { return clocks_.monotonic(); }
  void store_failed(const storage::Failure& failure);
  /// Returns true during the pause after an error of the store (the database).
  [[nodiscard]] bool is_store_paused() const { return monotonic_now() < store_paused_until_; }

  // The members below are constant after construction.
  WorkerOptions options_;
  WorkerClocks clocks_;
  Log& log_;

  // The members below are used only on the delivery worker's thread, except for the handlers'
  // counters.
  std::unique_ptr<storage::Deliveries> deliveries_;
  std::list<HandlerWorker>
      // Worker state of each handler. This is a list, because in_flight_ keeps pointers to the
      // elements.
      handler_workers_;
  InFlightDeliveries in_flight_;
  std::vector<ClassifiedResult> unrecorded_;
  SteadyClock::time_point claim_at_;
  SteadyClock::time_point renew_at_;
  SteadyClock::time_point store_paused_until_{};
  std::mt19937_64 random_;
  bool stopping_ = false;
  SteadyClock::time_point stop_by_ = SteadyClock::time_point::max();

  // The members below are thread-safe.
  WorkerMailbox completions_;
  std::atomic<SteadyClock::duration> last_round_{SteadyClock::now().time_since_epoch()};

  std::thread thread_;
};

}  // namespace couponhook::server
