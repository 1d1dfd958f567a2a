#pragma once

/// \file
/// Deliveries in flight (claimed by this replica and not ended), and the replies to WeChat Pay that
/// wait for them.

#include <cstdint>
#include <memory>
#include <string>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "server/delivery/delivery_waiter.hpp"
#include "server/delivery/handler_worker.hpp"

namespace couponhook::server {

/// The way in which a delivery in flight (claimed by this replica) ended.
enum class DeliveryEnd : std::uint8_t {
  kDone,
  kFailed,
  /// The lease of the delivery had expired, so the result of another replica counts.
  kTakenOver,
};

/// Deliveries in flight, by delivery id; and the replies to WeChat Pay that wait for them, by
/// notification. Does no I/O. Used on the delivery worker's thread.
class InFlightDeliveries {
 public:
  /// Text that identifies a notification: "mchid/id".
  using Key = std::string;
  /// Returns the text that identifies the notification of a delivery or a request.
  /// \tparam T storage::ClaimedDelivery or HandledRequest.
  template <typename T>
  [[nodiscard]] static Key key_of(const T& of_notification) {
    return of_notification.mchid + "/" + of_notification.notification_id;
  }

  /// Adds a delivery that was claimed (taken under a lease).
  /// \return false if the delivery is already in flight in this replica: its lease expired
  ///   unnoticed and was claimed again. The handler must not be called a second time; the running
  ///   call now counts under the new lease.
  [[nodiscard]] bool add(const storage::ClaimedDelivery& delivery, HandlerWorker& handler_worker);
  [[nodiscard]] bool empty() const { return in_flight_.empty(); }
  [[nodiscard]] std::size_t size() const { return in_flight_.size(); }
  /// Returns the current lease of a delivery in flight (claimed by this replica and not ended).
  [[nodiscard]] storage::Lease lease_of(std::int64_t delivery_id) const {
    return in_flight_.at(delivery_id).lease;
  }
  [[nodiscard]] HandlerWorker& worker_of(std::int64_t delivery_id) const {
    return *in_flight_.at(delivery_id).handler_worker;
  }
  [[nodiscard]] std::vector<storage::Lease> leases() const;

  /// Removes a delivery that has ended. If it was the last delivery that a reply to WeChat Pay
  /// waited for, calls the listener of that reply.
  void remove(std::int64_t delivery_id, DeliveryEnd how);

  /// Lets a HandledRequest wait for the handler calls that an earlier request for the same
  /// notification waits for.
  /// \return false if no such call is in flight; the request then does not wait.
  [[nodiscard]] bool join(const HandledRequest& request);

  /// Makes a HandledRequest wait for deliveries, together with earlier requests for the same
  /// notification.
  /// \param delivery_ids the notification's deliveries that are in flight.
  /// \param so_far result of the notification's other deliveries. If none is in flight, the
  ///   listener is called at once with this result. Only with the result kNotYet, the request
  ///   waits: until this replica claims one of its deliveries, or until the store is asked again.
  void wait(const HandledRequest& request, const std::vector<std::int64_t>& delivery_ids,
            Handled so_far, SteadyClock::time_point now);

  /// Returns the time at which the store must be asked again about the requests that no delivery in
  /// flight can answer; far in the future if there are none.
  [[nodiscard]] SteadyClock::time_point ask_again_at() const { return ask_again_at_; }
  /// Returns the requests whose deliveries must be looked up in the store now: at once after a call
  /// that did not decide the result, otherwise at a fixed interval, because another replica may
  /// have made the delivery. The returned requests have no listener.
  [[nodiscard]] std::vector<HandledRequest> to_ask_again(SteadyClock::time_point now);

  /// Returns the id of the delivery of a notification to a handler; 0 if that delivery is not in
  /// flight.
  [[nodiscard]] std::int64_t find(const Key& key, std::string_view handler) const;

 private:
  struct Entry {
    storage::Lease lease;
    HandlerWorker* handler_worker;
    Key key;
  };
  struct Listening {
    std::shared_ptr<HandledListener> listener;
    SteadyClock::time_point until;
  };
  struct Wait {
    /// Copy of the HandledRequest, with which the store is asked again; the copy has no listener.
    HandledRequest asked;
    /// Deliveries in flight that the reply to WeChat Pay waits for. If there are none, the store is
    /// asked again.
    std::unordered_set<std::int64_t> open;
    Handled result = Handled::kDone;
    /// Time at which to ask the store again; only used if none of the deliveries is in flight.
    SteadyClock::time_point ask_at{};
    std::vector<Listening> listening;
  };
  using Waits = std::unordered_map<Key, Wait>;

  void over(Waits::iterator wait);

  std::unordered_map<std::int64_t, Entry> in_flight_;
  Waits waits_;
  SteadyClock::time_point ask_again_at_ = SteadyClock::time_point::max();
};

}  // namespace couponhook::server
