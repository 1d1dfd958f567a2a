#pragma once

/// \file
/// What the worker has out: leases, and who waits for which.

#include <cstdint>
#include <memory>
#include <string>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "server/delivery/handled.hpp"
#include "server/delivery/lane.hpp"

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
  [[nodiscard]] static Key key_of(const storage::ClaimedDelivery& delivery) {
    return delivery.mchid + "/" + delivery.notification_id;
  }

  /// \return false where it is out already: its lease ended unnoticed and has been taken anew. It
  /// must
  ///   not be called a second time; the running call counts under the new lease.
  [[nodiscard]] bool add(const storage::ClaimedDelivery& delivery, Lane& lane);
  [[nodiscard]] bool empty() const { return out_.empty(); }
  [[nodiscard]] std::size_t size() const { return out_.size(); }
  /// The lease in force of a delivery that is out.
  [[nodiscard]] storage::Lease lease_of(std::int64_t delivery_id) const {
    return out_.at(delivery_id).lease;
  }
  [[nodiscard]] std::vector<storage::Lease> leases() const;

  /// Takes a delivery off the books, and tells whoever waited for it last.
  void remove(std::int64_t delivery_id, CameBack how);

  /// Whether replies wait for this notification already; the listener has joined them then.
  [[nodiscard]] bool join(const Key& key, const std::shared_ptr<HandledListener>& listener);

  /// Begins a wait for deliveries of one notification that are out.
  /// \param so_far what is known of the others; told at once where nothing is left to wait for.
  void wait(const Key& key, const std::vector<std::int64_t>& delivery_ids, Handled so_far,
            std::shared_ptr<HandledListener> listener);

  /// The delivery of this notification to this handler, where it is out; 0 where it is not.
  [[nodiscard]] std::int64_t find(const Key& key, std::string_view handler) const;

 private:
  struct Entry {
    storage::Lease lease;
    Lane* lane;
    Key key;
  };
  struct Wait {
    std::unordered_set<std::int64_t> open;
    Handled result = Handled::kDone;
    std::vector<std::shared_ptr<HandledListener>> listeners;
  };

  std::unordered_map<std::int64_t, Entry> out_;
  std::unordered_map<Key, Wait> waits_;
};

}  // namespace couponhook::server
