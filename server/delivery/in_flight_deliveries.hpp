#pragma once

/// \file
/// What the worker has out: leases, and who waits for which.

#include <cstdint>
#include <memory>
#include <string>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "server/delivery/delivery_waiter.hpp"
#include "server/delivery/handler_worker.hpp"

namespace couponhook::server {

/// How a delivery that was out came back.
enum class CameBack : std::uint8_t {
  kDone,
  kFailed,
  kTakenOver,  ///< its lease had ended: somebody else's result counts
};

/// Deliveries in this worker's hands by id, and the replies that wait for them by notification.
/// Pure bookkeeping; used on the worker's thread.
class Out {
 public:
  /// "mchid/id" of a notification.
  using Key = std::string;
  template <typename T>  // a storage::ClaimedDelivery, a HandledRequest
  [[nodiscard]] static Key key_of(const T& of_notification) {
    return of_notification.mchid + "/" + of_notification.notification_id;
  }

  /// \return false where it is out already: its lease ended unnoticed and has been taken anew. It
  ///   must not be called a second time; the running call counts under the new lease.
  [[nodiscard]] bool add(const storage::ClaimedDelivery& delivery, Lane& lane);
  [[nodiscard]] bool empty() const { return out_.empty(); }
  [[nodiscard]] std::size_t size() const { return out_.size(); }
  /// The lease in force of a delivery that is out.
  [[nodiscard]] storage::Lease lease_of(std::int64_t delivery_id) const {
    return out_.at(delivery_id).lease;
  }
  [[nodiscard]] Lane& lane_of(std::int64_t delivery_id) const { return *out_.at(delivery_id).lane; }
  [[nodiscard]] std::vector<storage::Lease> leases() const;

  /// Takes a delivery off the books, and tells whoever waited for it last.
  void remove(std::int64_t delivery_id, CameBack how);

  /// Whether a call that replies to this notification wait for is out; the request has joined them
  /// then.
  [[nodiscard]] bool join(const HandledRequest& request);

  /// Begins a wait, for whoever waits for this notification already too.
  /// \param delivery_ids those of the notification's that are out.
  /// \param so_far what is known of the others. Told at once where nothing is out; but where it is
  ///   kNotYet the request stands by: until one of its deliveries comes out after all, or until it
  ///   is time to ask again.
  void wait(const HandledRequest& request, const std::vector<std::int64_t>& delivery_ids,
            Handled so_far, SteadyClock::time_point now);

  /// When to ask for what stands by; far in the future where nothing does.
  [[nodiscard]] SteadyClock::time_point ask_again_at() const { return ask_again_at_; }
  /// What is to be asked for now: at once after a call that left a question open, else as often as
  /// another replica's work is looked for. Nobody listens to these requests themselves.
  [[nodiscard]] std::vector<HandledRequest> to_ask_again(SteadyClock::time_point now);

  /// The delivery of this notification to this handler, where it is out; 0 where it is not.
  [[nodiscard]] std::int64_t find(const Key& key, std::string_view handler) const;

 private:
  struct Entry {
    storage::Lease lease;
    Lane* lane;
    Key key;
  };
  struct Listening {
    std::shared_ptr<HandledListener> listener;
    SteadyClock::time_point until;
  };
  struct Wait {
    HandledRequest asked;                   ///< for whom: nobody listens to this one
    std::unordered_set<std::int64_t> open;  ///< deliveries that are out; none: it stands by
    Handled result = Handled::kDone;
    SteadyClock::time_point ask_at{};  ///< of use where it stands by
    std::vector<Listening> listening;
  };
  using Waits = std::unordered_map<Key, Wait>;

  void over(Waits::iterator wait);

  std::unordered_map<std::int64_t, Entry> out_;
  Waits waits_;
  SteadyClock::time_point ask_again_at_ = SteadyClock::time_point::max();
};

}  // namespace couponhook::server
