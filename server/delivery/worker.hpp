#pragma once

/// \file
/// The delivery worker: takes what is due out of the store, has it sent, and records the results.

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
  /// As in storage::LeaseTerms; renewed at a third of it.
  std::chrono::milliseconds lease{10'000};
  /// How often the store is asked although nobody said that there is something: other replicas
  /// cannot say so, and leases of killed ones end silently.
  std::chrono::milliseconds poll{1'000};
  /// Pause after the store has failed.
  std::chrono::milliseconds failure_pause{200};
};

struct WorkerClocks {
  base::WallClock wall;  ///< says what is due
  base::MonotonicClock monotonic = &std::chrono::steady_clock::now;
};

/// A handler to be told, and how.
struct LaneSetup {
  LaneOptions options;
  std::function<std::unique_ptr<Sender>(CallListener&)> make_sender;
};

/// One thread that owns the store's side of deliveries; senders have threads of their own. Results
/// are recorded in batches: while one is being committed the next gathers.
///
/// A call is counted in the store before it begins, so that a crash counts no call that was never
/// made. A call that is over is recorded before its lease is let go, so that a crash repeats at
/// most what was out at that moment. Thread-safe but for start() and stop().
class DeliveryWorker final : public CallListener, public HandledDesk {
 public:
  /// \param log must outlive this object.
  DeliveryWorker(std::unique_ptr<storage::Deliveries> deliveries, std::vector<LaneSetup> lanes,
                 WorkerOptions options, WorkerClocks clocks, std::uint64_t seed, Log& log);
  ~DeliveryWorker() override;

  void start();
  /// Takes no more, gives back what has not begun, and waits for what has. What is still running
  /// after `patience` is left to its lease.
  void stop(std::chrono::milliseconds patience);
  /// What the thread does between two waits, for whoever has no thread: takes what has been left
  /// for it, records results, claims what is due and hands it out.
  /// \return when to go on at the latest.
  SteadyClock::time_point work_once();

  /// There is something new in the store.
  void wake() noexcept;

  void called(Called&& call) noexcept override;
  void handle(HandledRequest&& request) override;

  /// Whether the worker's thread has gone round lately.
  [[nodiscard]] bool alive() const;

 private:
  /// What others leave for the worker's thread.
  struct Mail {
    std::vector<Called> calls;
    std::vector<HandledRequest> requests;
    bool new_deliveries = false;
    std::optional<SteadyClock::time_point> stop_by;  ///< asked to stop, no later than then
  };
  /// A result on its way into the store.
  struct Settled {
    Called call;
    storage::DeliveryResult result;
    std::int64_t due_at_ms = 0;
    std::string reason;      // of what is not done, to be logged
    std::string last_error;  // the same with the handler's detail, to be kept
  };

  void run();
  void wait_for_mail(SteadyClock::time_point until);
  [[nodiscard]] Mail take_mail();
  [[nodiscard]] SteadyClock::time_point next_look() const;

  void settle(std::vector<Called>&& calls);
  [[nodiscard]] Settled settled(Called&& call, const Lane& lane);
  void note_target(const Called& call, Lane& lane);
  void record();
  void tell(const Settled& result, bool counted);

  void begin_waiting();
  void claim();
  [[nodiscard]] SteadyClock::time_point when_due(std::span<const storage::Wanted> wanted);
  void send(storage::ClaimedDelivery&& delivery, Lane& lane, Urgency urgency);
  void renew();
  void lost(std::int64_t delivery_id);

  void serve(HandledRequest&& request);
  /// What a reply waits for: deliveries that are out, and what is known of the others.
  struct Awaited {
    std::vector<std::int64_t> ids;
    Handled so_far = Handled::kDone;
  };
  [[nodiscard]] Awaited send_born_leased(HandledRequest& request);
  [[nodiscard]] Awaited send_copy(const HandledRequest& request);
  void ask_again();

  void begin_stop(SteadyClock::time_point stop_by);
  void give_back(std::vector<storage::ClaimedDelivery>&& unbegun);
  [[nodiscard]] Lane* find_lane(std::string_view handler);
  [[nodiscard]] std::int64_t now_ms() const { return base::to_unix_ms(clocks_.wall()); }
  [[nodiscard]] SteadyClock::time_point monotonic_now() const { return clocks_.monotonic(); }
  void store_failed(const storage::Failure& failure);
  /// It has failed a moment ago: what is asked of it waits.
  [[nodiscard]] bool store_rests() const { return monotonic_now() < store_rests_until_; }

  // Constant after construction.
  WorkerOptions options_;
  WorkerClocks clocks_;
  Log& log_;

  // Only touched on the worker's thread.
  std::unique_ptr<storage::Deliveries> deliveries_;
  std::list<Lane> lanes_;  // Out points at them
  Out out_;
  std::vector<Settled> unrecorded_;
  SteadyClock::time_point look_at_;
  SteadyClock::time_point renew_at_;
  SteadyClock::time_point store_rests_until_{};
  std::mt19937_64 random_;
  bool stopping_ = false;
  SteadyClock::time_point stop_by_ = SteadyClock::time_point::max();

  std::mutex mutex_;
  std::condition_variable changed_;
  Mail mail_;  // guarded by mutex_
  std::atomic<bool> woken_ = false;
  std::atomic<SteadyClock::duration> last_round_{SteadyClock::now().time_since_epoch()};

  std::thread thread_;
};

}  // namespace couponhook::server
