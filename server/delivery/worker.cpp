#include "server/delivery/worker.hpp"

#include <algorithm>
#include <utility>

#include <pthread.h>

namespace couponhook::server {

using std::chrono::milliseconds;

namespace {

/// Pause of the delivery worker before it searches again, if a delivery is due (to be made now) but
/// cannot be claimed yet.
constexpr milliseconds kStuckPause{100};
constexpr milliseconds kRoundTooLong{30'000};

}  // namespace

DeliveryWorker::DeliveryWorker(std::unique_ptr<storage::Deliveries> deliveries,
                               std::vector<HandlerWorkerSetup> handler_workers,
                               WorkerOptions options, WorkerClocks clocks, std::uint64_t seed,
                               Log& log)
    : options_(options),
      clocks_(std::move(clocks)),
      log_(log),
      deliveries_(std::move(deliveries)),
      claim_at_(monotonic_now()),
      renew_at_(claim_at_ + options_.lease / 3),
      random_(seed) {
  for (HandlerWorkerSetup& handler_worker : handler_workers) {
    handler_workers_.emplace_back(std::move(handler_worker.options),
                                  handler_worker.make_sender(*this));
  }
}

DeliveryWorker::~DeliveryWorker() {
  stop(milliseconds(0));
  // The destructors of the senders wait for calls that ran longer than stop() waited. These calls
  // still report to `completions_`, so the senders are destroyed before `completions_`.
  handler_workers_.clear();
}

void DeliveryWorker::start() {
  thread_ = std::thread([this] { run(); });
}

void DeliveryWorker::stop(milliseconds timeout) {
  if (!thread_.joinable()) return;
  completions_.put_stop(monotonic_now() + timeout);
  thread_.join();
}

bool DeliveryWorker::alive() const {
  return monotonic_now().time_since_epoch() - last_round_.load() < kRoundTooLong;
}

std::vector<HandlerFigures> DeliveryWorker::handler_figures() const {
  std::vector<HandlerFigures> all;
  for (const HandlerWorker& handler_worker : handler_workers_) {
    all.push_back(handler_worker.figures());
  }
  return all;
}

void DeliveryWorker::run() {
  pthread_setname_np(pthread_self(), "deliveries");
  auto next = monotonic_now();
  while (!stopping_ || (!in_flight_.empty() && monotonic_now() < stop_by_)) {
    completions_.wait_until(next);
    next = work_once();
  }
}

SteadyClock::time_point DeliveryWorker::work_once() {
  WorkerMail inbox = completions_.take();
  const auto now = monotonic_now();
  last_round_ = now.time_since_epoch();
  if (inbox.new_deliveries) claim_at_ = now;
  if (inbox.stop_by) begin_stop(*inbox.stop_by);
  classify(std::move(inbox.calls));
  // Waiting deliveries are sent first, so that their calls run while the results of earlier calls
  // are recorded.
  if (!is_store_paused()) begin_waiting();
  if (!is_store_paused()) record();
  // Leases are renewed before new deliveries are claimed. Otherwise the worker could find its own
  // expired leases and treat the calls as lost.
  if (!is_store_paused()) renew();
  for (HandledRequest& request : inbox.requests) serve(std::move(request));
  if (!is_store_paused()) ask_again();
  if (!is_store_paused()) claim();
  return next_claim();
}

SteadyClock::time_point DeliveryWorker::next_claim() const {
  const auto now = monotonic_now();
  if (store_paused_until_ > now) return store_paused_until_;
  if (!unrecorded_.empty()) return now;
  auto next = std::min({now + options_.poll, renew_at_, stop_by_});
  if (stopping_) return next;
  next = std::min(next, in_flight_.ask_again_at());
  for (const HandlerWorker& handler_worker : handler_workers_) {
    if (handler_worker.wanted(now) > 0) {
      next = std::min(next, claim_at_);
    } else if (const auto again = handler_worker.breaker().opens_until(); again > now) {
      next = std::min(next, again);
    }
  }
  return next;
}

void DeliveryWorker::classify(std::vector<Called>&& calls) {
  for (Called& call : calls) {
    HandlerWorker* const handler_worker = find_worker(call.delivery.handler);
    handler_worker->call_ended();
    handler_worker->counters().count_call(call.took_us);
    note_target(call, *handler_worker);
    unrecorded_.push_back(classified(std::move(call), *handler_worker));
  }
}

ClassifiedResult DeliveryWorker::classified(Called&& call, const HandlerWorker& handler_worker) {
  return classify_call(std::move(call), handler_worker.retries(), now_ms(), random_);
}

void DeliveryWorker::note_target(const Called& call, HandlerWorker& handler_worker) {
  const auto now = monotonic_now();
  CircuitBreaker& breaker = handler_worker.breaker();
  const bool was_open = breaker.is_open();
  if (call.target_answers) {
    breaker.succeeded();
  } else {
    breaker.failed(now);
  }
  if (breaker.is_open() == was_open) return;
  handler_worker.counters().set_breaker_open(!was_open);
  if (was_open) {
    log_.message(Severity::kInfo, "target_answers",
                 "handler " + handler_worker.handler() + " works again; its deliveries continue");
    claim_at_ = now;
    return;
  }
  log_.message(Severity::kWarning, "target_down",
               "handler " + handler_worker.handler() +
                   " failed several times in a row; its deliveries wait, and single attempts test "
                   "whether the target is back");
  give_back(handler_worker.take_back());
}

void DeliveryWorker::record() {
  if (unrecorded_.empty()) return;
  std::vector<storage::Finished> finished;
  finished.reserve(unrecorded_.size());
  for (const ClassifiedResult& one : unrecorded_) {
    finished.push_back({in_flight_.lease_of(one.call.delivery.lease.delivery_id), one.result,
                        one.call.began_at_ms, one.due_at_ms, one.last_error});
  }
  const auto counted = deliveries_->finish(finished, now_ms());
  // If the store fails, the results of calls are kept and recorded again after the pause. If a
  // result were lost, the call would be repeated.
  if (!counted) return store_failed(counted.error());
  for (std::size_t i = 0; i < unrecorded_.size(); ++i) report(unrecorded_[i], (*counted)[i]);
  unrecorded_.clear();
  // Because these deliveries are done, later deliveries of the same coupons have become due.
  claim_at_ = monotonic_now();
}

void DeliveryWorker::report(const ClassifiedResult& result, bool counted) {
  const storage::ClaimedDelivery& delivery = result.call.delivery;
  DeliveryEnd how = DeliveryEnd::kTakenOver;
  if (counted) {
    how =
        result.result == storage::DeliveryResult::kDone ? DeliveryEnd::kDone : DeliveryEnd::kFailed;
  }
  const AttemptOutcome outcome = attempt_outcome(result.result, counted);
  find_worker(delivery.handler)->counters().count_attempt(outcome);
  log_.delivery({result.result, delivery.lease.delivery_id, delivery.handler,
                 delivery.notification_id, delivery.event_type, delivery.mchid, result.reason,
                 delivery.attempt, counted, result.call.took_us});
  in_flight_.remove(delivery.lease.delivery_id, how);
}

void DeliveryWorker::begin_waiting() {
  if (stopping_) return;
  std::vector<std::pair<HandlerWorker*, storage::ClaimedDelivery>> beginning;
  std::vector<storage::Lease> leases;
  for (HandlerWorker& handler_worker : handler_workers_) {
    for (int free = handler_worker.free_slots(); free > 0; --free) {
      auto delivery = handler_worker.next();
      if (!delivery) break;
      leases.push_back(in_flight_.lease_of(delivery->lease.delivery_id));
      beginning.emplace_back(&handler_worker, std::move(*delivery));
    }
  }
  if (leases.empty()) return;
  const auto begun = deliveries_->begin(leases, now_ms());
  if (!begun) {
    // The attempts could not be counted, so the deliveries go back to the front of the queue, in
    // the same order.
    for (auto one = beginning.rbegin(); one != beginning.rend(); ++one) {
      one->first->keep(std::move(one->second), Priority::kReplyWaits);
    }
    return store_failed(begun.error());
  }
  for (std::size_t i = 0; i < leases.size(); ++i) {
    auto& [handler_worker, delivery] = beginning[i];
    if ((*begun)[i]) {
      handler_worker->send(std::move(delivery), Priority::kNormal, monotonic_now());
    } else {
      in_flight_.remove(leases[i].delivery_id, DeliveryEnd::kTakenOver);
    }
  }
}

void DeliveryWorker::claim() {
  const auto now = monotonic_now();
  if (stopping_ || now < claim_at_) return;
  std::vector<storage::ClaimRequest> wanted;
  for (const HandlerWorker& handler_worker : handler_workers_) {
    const int room = handler_worker.wanted(now);
    if (room > 0) wanted.push_back({handler_worker.handler(), room, handler_worker.open_slots()});
  }
  if (wanted.empty()) return;
  auto claimed = deliveries_->claim(wanted, now_ms());
  if (!claimed) return store_failed(claimed.error());
  if (claimed->empty()) claim_at_ = when_due(wanted);
  for (storage::ClaimedDelivery& delivery : *claimed) {
    send(std::move(delivery), *find_worker(delivery.handler), Priority::kNormal);
  }
}

SteadyClock::time_point DeliveryWorker::when_due(std::span<const storage::ClaimRequest> wanted) {
  const auto now = monotonic_now();
  std::vector<std::string_view> handlers;
  for (const storage::ClaimRequest& handler_worker : wanted)
    handlers.push_back(handler_worker.handler);
  const auto due = deliveries_->next_due_ms(handlers);
  if (!due) {
    store_failed(due.error());
    return now;
  }
  if (!*due) return now + options_.poll;
  const milliseconds wait(**due - now_ms());
  return now + (wait > milliseconds(0) ? std::min(wait, options_.poll) : kStuckPause);
}

void DeliveryWorker::send(storage::ClaimedDelivery&& delivery, HandlerWorker& handler_worker,
                          Priority priority) {
  if (!in_flight_.add(delivery, handler_worker)) return;
  if (delivery.lost.empty()) {
    if (delivery.begun && handler_worker.free_slots() > 0) {
      return handler_worker.send(std::move(delivery), priority, monotonic_now());
    }
    // The delivery has to wait, so its attempt is no longer counted. If the store fails here, the
    // attempt stays counted.
    if (delivery.begun) static_cast<void>(deliveries_->postpone(delivery.lease));
    return handler_worker.keep(std::move(delivery), priority);
  }
  // The handler was already called for this delivery, but the lease expired before the result was
  // recorded. The call is not repeated now; it counts as a failed attempt.
  handlers::Retry failed{std::move(delivery.lost), {}};
  Called call{std::move(delivery), std::move(failed), true, now_ms(), 0};
  unrecorded_.push_back(classified(std::move(call), handler_worker));
}

void DeliveryWorker::renew() {
  const auto now = monotonic_now();
  if (now < renew_at_) return;
  renew_at_ = now + options_.lease / 3;
  const auto leases = in_flight_.leases();
  if (leases.empty()) return;
  const auto held = deliveries_->renew(leases, now_ms());
  if (!held) return store_failed(held.error());
  for (std::size_t i = 0; i < leases.size(); ++i) {
    if (!(*held)[i]) lost(leases[i].delivery_id);
  }
}

/// Handles a delivery whose lease another replica has taken over. A running call goes on, but its
/// result will not count.
void DeliveryWorker::lost(std::int64_t delivery_id) {
  if (in_flight_.worker_of(delivery_id).take_back(delivery_id)) {
    in_flight_.remove(delivery_id, DeliveryEnd::kTakenOver);
  }
}

void DeliveryWorker::serve(HandledRequest&& request) {
  if (request.leased_at_admission.empty() && in_flight_.join(request)) return;
  if (stopping_) return request.listener->handled(Handled::kNotYet);
  const Awaited awaited =
      request.leased_at_admission.empty() ? send_copy(request) : send_leased_at_admission(request);
  in_flight_.wait(request, awaited.ids, awaited.so_far, monotonic_now());
}

void DeliveryWorker::ask_again() {
  if (stopping_) return;
  for (const HandledRequest& request : in_flight_.to_ask_again(monotonic_now())) {
    // After an error of the store, the deliveries of the other requests are looked up after the
    // pause.
    if (is_store_paused()) break;
    const Awaited awaited = send_copy(request);
    in_flight_.wait(request, awaited.ids, awaited.so_far, monotonic_now());
  }
}

DeliveryWorker::Awaited DeliveryWorker::send_leased_at_admission(HandledRequest& request) {
  Awaited awaited;
  // A delivery without a lease waits for an earlier event of the same coupon.
  if (request.leased_at_admission.size() < request.handlers.size())
    awaited.so_far = Handled::kNotYet;
  for (storage::ClaimedDelivery& delivery : request.leased_at_admission) {
    awaited.ids.push_back(delivery.lease.delivery_id);
    send(std::move(delivery), *find_worker(delivery.handler), Priority::kReplyWaits);
  }
  return awaited;
}

DeliveryWorker::Awaited DeliveryWorker::send_copy(const HandledRequest& request) {
  if (is_store_paused()) return {{}, Handled::kNotYet};
  const InFlightDeliveries::Key key = InFlightDeliveries::key_of(request);
  Awaited awaited;
  const bool begins = std::ranges::all_of(request.handlers, [this](std::string_view handler) {
    const HandlerWorker* const handler_worker = find_worker(handler);
    return handler_worker != nullptr && handler_worker->free_slots() > 0;
  });
  auto claim_results = deliveries_->claim_of(request.mchid, request.notification_id,
                                             request.handlers, now_ms(), begins);
  if (!claim_results) {
    store_failed(claim_results.error());
    return {{}, Handled::kNotYet};
  }
  for (storage::ClaimResult& claim_result : *claim_results) {
    if (claim_result.claimed) {
      awaited.ids.push_back(claim_result.claimed->lease.delivery_id);
      send(std::move(*claim_result.claimed), *find_worker(claim_result.handler),
           Priority::kReplyWaits);
    } else if (claim_result.status == storage::ClaimStatus::kDead ||
               claim_result.status == storage::ClaimStatus::kPaused) {
      awaited.so_far = Handled::kFailed;
    } else if (claim_result.status != storage::ClaimStatus::kDone) {
      const std::int64_t id = in_flight_.find(key, claim_result.handler);
      if (id != 0) awaited.ids.push_back(id);
      if (id == 0 && awaited.so_far == Handled::kDone) awaited.so_far = Handled::kNotYet;
    }
  }
  return awaited;
}

void DeliveryWorker::begin_stop(SteadyClock::time_point stop_by) {
  stopping_ = true;
  stop_by_ = stop_by;
  for (HandlerWorker& handler_worker : handler_workers_) give_back(handler_worker.take_back());
}

void DeliveryWorker::give_back(std::vector<storage::ClaimedDelivery>&& not_begun) {
  if (not_begun.empty()) return;
  std::vector<storage::Lease> leases;
  for (const auto& delivery : not_begun)
    leases.push_back(in_flight_.lease_of(delivery.lease.delivery_id));
  // If the store cannot release the leases of deliveries for which no call has begun, the leases
  // expire by themselves.
  const auto released = deliveries_->release(leases, now_ms());
  for (const storage::Lease& lease : leases)
    in_flight_.remove(lease.delivery_id, DeliveryEnd::kTakenOver);
  if (!released) store_failed(released.error());
}

HandlerWorker* DeliveryWorker::find_worker(std::string_view handler) {
  const auto handler_worker = std::ranges::find(handler_workers_, handler, &HandlerWorker::handler);
  return handler_worker == handler_workers_.end() ? nullptr : &*handler_worker;
}

void DeliveryWorker::store_failed(const storage::Failure& failure) {
  store_paused_until_ = monotonic_now() + options_.failure_pause;
  log_.message(Severity::kError, "store_failed", failure.message);
}

}  // namespace couponhook::server
