#pragma once

/// \file
/// The delivery worker: claims due deliveries from the store, has them sent, and records the
/// results.

#include <atomic>
#include <condition_variable>
#include <functional>
#include <list>
#include <memory>
#include <mutex>
#include <optional>
#include <random>
#include <span>
#include <string>
#include <thread>
#include <vector>

#include "base/clock.hpp"
#include "server/delivery/delivery_waiter.hpp"
#include "server/delivery/handler_worker.hpp"
#include "server/delivery/in_flight_deliveries.hpp"
#include "server/log/log.hpp"
#include "storage/deliveries.hpp"

namespace couponhook::server {

struct WorkerOptions {
  /// Duration of a lease, as in storage::LeaseTerms. Leases are renewed after a third of this time.
  std::chrono::milliseconds lease{10'000};
  /// Longest time between two looks into the store without a wake-up. It bounds the delay if a
  /// wake-up from another replica is lost, or if a killed replica's leases expire, which nobody
  /// announces.
  std::chrono::milliseconds poll{1'000};
  /// Pause after an error of the store.
  std::chrono::milliseconds failure_pause{200};
};

struct WorkerClocks {
  base::WallClock wall;  ///< says what is due
  base::MonotonicClock monotonic = &std::chrono::steady_clock::now;
};

/// One handler and the factory of its sender.
struct HandlerWorkerSetup {
  HandlerWorkerOptions options;
  std::function<std::unique_ptr<Sender>(CallListener&)> make_sender;
};

/// One thread that does all store operations of deliveries; senders have their own threads. Results
/// are recorded in batches: while one batch is committed, the next one gathers.
///
/// An attempt is counted in the store just before its call begins. So a crash counts no attempt for
/// deliveries that only waited. A finished call is recorded before its lease is released. So a
/// crash repeats at most the calls that were in flight. Thread-safe, except start() and stop().
class DeliveryWorker final : public CallListener, public DeliveryWaiter {
 public:
  /// \param log must outlive this object.
  DeliveryWorker(std::unique_ptr<storage::Deliveries> deliveries,
                 std::vector<HandlerWorkerSetup> handler_workers, WorkerOptions options,
                 WorkerClocks clocks, std::uint64_t seed, Log& log);
  ~DeliveryWorker() override;

  void start();
  /// Stops the worker: claims no more deliveries, gives back those whose call has not begun, and
  /// waits for running calls. A call that runs longer than `patience` is abandoned; its lease
  /// expires by itself.
  void stop(std::chrono::milliseconds patience);
  /// Runs one round of the worker's loop: processes messages, records results, claims due
  /// deliveries and sends them. Public so that tests need no thread.
  /// \return the latest time of the next round.
  SteadyClock::time_point work_once();

  /// Wakes the worker after new deliveries were stored.
  void wake() noexcept;

  void called(Called&& call) noexcept override;
  void handle(HandledRequest&& request) override;

  /// Returns true if the worker has begun a round within the last 30 s.
  [[nodiscard]] bool alive() const;

 private:
  /// Messages from other threads to the worker's thread.
  struct WorkerInbox {
    std::vector<Called> calls;
    std::vector<HandledRequest> requests;
    bool new_deliveries = false;
    std::optional<SteadyClock::time_point> stop_by;  ///< set by stop(): the time by which to stop
  };
  /// The result of a call that is not recorded in the store yet.
  struct ClassifiedResult {
    Called call;
    storage::DeliveryResult result;
    std::int64_t due_at_ms = 0;
    std::string reason;      // reason of a failure, for the log
    std::string last_error;  // reason and the handler's detail, for the store
  };

  void run();
  void wait_for_mail(SteadyClock::time_point until);
  [[nodiscard]] WorkerInbox take_mail();
  [[nodiscard]] SteadyClock::time_point next_look() const;

  void classify(std::vector<Called>&& calls);
  [[nodiscard]] ClassifiedResult settled(Called&& call, const HandlerWorker& handler_worker);
  void note_target(const Called& call, HandlerWorker& handler_worker);
  void record();
  void tell(const ClassifiedResult& result, bool counted);

  void begin_waiting();
  void claim();
  [[nodiscard]] SteadyClock::time_point when_due(std::span<const storage::Wanted> wanted);
  void send(storage::ClaimedDelivery&& delivery, HandlerWorker& handler_worker, Urgency urgency);
  void renew();
  void lost(std::int64_t delivery_id);

  void serve(HandledRequest&& request);
  /// Deliveries that a reply waits for, and the result of the notification's other deliveries.
  struct Awaited {
    std::vector<std::int64_t> ids;
    Handled so_far = Handled::kDone;
  };
  [[nodiscard]] Awaited send_born_leased(HandledRequest& request);
  [[nodiscard]] Awaited send_copy(const HandledRequest& request);
  void ask_again();

  void begin_stop(SteadyClock::time_point stop_by);
  void give_back(std::vector<storage::ClaimedDelivery>&& unbegun);
  [[nodiscard]] HandlerWorker* find_worker(std::string_view handler);
  [[nodiscard]] std::int64_t now_ms() const { return base::to_unix_ms(clocks_.wall()); }
  [[nodiscard]] SteadyClock::time_point monotonic_now() const { return clocks_.monotonic(); }
  void store_failed(const storage::Failure& failure);
  /// Returns true during the pause after an error of the store.
  [[nodiscard]] bool store_rests() const { return monotonic_now() < store_rests_until_; }

  // The members below are constant after construction.
  WorkerOptions options_;
  WorkerClocks clocks_;
  Log& log_;

  // The members below are used only on the worker's thread.
  std::unique_ptr<storage::Deliveries> deliveries_;
  std::list<HandlerWorker>
      handler_workers_;  // a list, because in_flight_ keeps pointers to the elements
  InFlightDeliveries in_flight_;
  std::vector<ClassifiedResult> unrecorded_;
  SteadyClock::time_point look_at_;
  SteadyClock::time_point renew_at_;
  SteadyClock::time_point store_rests_until_{};
  std::mt19937_64 random_;
  bool stopping_ = false;
  SteadyClock::time_point stop_by_ = SteadyClock::time_point::max();

  std::mutex mutex_;
  std::condition_variable changed_;
  WorkerInbox mail_;  // guarded by mutex_
  std::atomic<bool> woken_ = false;
  std::atomic<SteadyClock::duration> last_round_{SteadyClock::now().time_since_epoch()};

  std::thread thread_;
};

}  // namespace couponhook::server
