#pragma once

/// \file
/// Takes deliveries that must be made now, each under a lease, and records the results of their
/// attempts.

#include <chrono>
#include <cstdint>
#include <limits>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "storage/connection.hpp"
#include "storage/counter_deltas.hpp"
#include "storage/records.hpp"

namespace couponhook::storage {

struct Candidate;
struct HeldDelivery;
struct NotificationContent;

/// Number of deliveries that a worker wants to take for one handler.
struct ClaimRequest {
  std::string_view handler;
  std::int64_t limit = 0;
  /// Number of the taken deliveries for which the worker calls the handler at once; the attempts of
  /// these deliveries count from now. The other deliveries wait in the worker's queue until
  /// Deliveries::begin() is called. If a lease ends while the delivery is still in that queue, no
  /// attempt is counted.
  std::int64_t begin = std::numeric_limits<std::int64_t>::max();
};

/// A delivery that this replica holds under a lease, with all the data that the handler receives.
struct ClaimedDelivery {
  Lease lease;
  /// Number of this attempt in the current round of attempts (a new round begins when an operator
  /// retries or moves the delivery). An attempt without a result, because its lease ended, counts
  /// too.
  std::int64_t attempt = 1;
  /// True if the handler may be called now; if false, call Deliveries::begin() first.
  bool begun = true;
  /// Text which says that the previous attempt was lost: its lease ended without a result. The text
  /// is set only if an earlier attempt of the same round of attempts was lost too. Then do not call
  /// the handler: report this text to Deliveries::finish() as the error of the attempt.
  std::string lost;
  std::string handler;
  std::string ordering_key;
  std::string notification_id;
  std::string mchid;
  std::string event_type;
  std::string create_time;
  std::string source;
  std::string resource;
  std::int64_t created_at_ms = 0;
  /// Error text of the previous attempt at this delivery; empty if there was none.
  std::string last_error;
};

/// State of the delivery of one notification to one handler, as Deliveries::claim_of() found it.
enum class ClaimStatus : std::uint8_t {
  kClaimed,  ///< the caller holds the lease on the delivery now
  /// Another replica, or another part of this replica, holds the lease on the delivery.
  kInProgress,
  kWaiting,  ///< the delivery waits for an earlier delivery with the same ordering key (coupon)
  kPaused,   ///< the delivery is held back by a pause that an operator has set
  kDone,     ///< the delivery succeeded, or an operator dropped it
  kDead,
};
struct ClaimResult {
  std::string handler;
  ClaimStatus status = ClaimStatus::kDone;
  /// Error text of the delivery's last failed attempt; empty if no attempt failed.
  std::string last_error;
  std::optional<ClaimedDelivery> claimed;
};

enum class DeliveryResult : std::uint8_t {
  kDone,
  kRetry,  ///< the last attempt failed; the delivery is tried again at the time due_at_ms
  kDead,   ///< the delivery is given up (a dead letter), until an operator retries it
};

/// Result of one attempt at a delivery. The memory of the error text must live until
/// Deliveries::finish() returns.
struct Finished {
  Lease lease;
  DeliveryResult result = DeliveryResult::kDone;
  std::int64_t began_at_ms = 0;
  /// Time of the next attempt (milliseconds since the Unix epoch), for the result kRetry.
  std::int64_t due_at_ms = 0;
  /// For the results kRetry and kDead: the reason of the failure, and the answer of the target
  /// system.
  std::string_view error;
};

/// Number of open and of dead deliveries in the store, over all handlers.
struct Backlog {
  std::int64_t pending = 0;  ///< number of open deliveries without a failed attempt
  /// Number of deliveries that have failed at least once and will be tried again.
  std::int64_t retrying = 0;
  std::int64_t dead = 0;
  /// Creation time of the oldest delivery that is pending or retrying; nothing if there is none.
  std::optional<std::int64_t> oldest_created_at_ms;
};

/// Takes deliveries that are due (to be made now), each under a lease, and records the results of
/// their attempts.
///
/// In each ordering lane (the deliveries of one handler with one ordering key, which is a coupon)
/// only one delivery is leased at a time: the oldest open one. The later deliveries of the lane do
/// not slow a claim down, however many they are: each becomes due when the delivery before it has
/// ended (done or dead). Paused deliveries are not taken.
///
/// Each call is one transaction. The transaction is run again after a deadlock or serialization
/// failure; a failed call changes nothing. A call blocks for about as long as a commit, so take
/// many deliveries in one call. Only one thread at a time may use an object.
class Deliveries {
 public:
  template <typename T>
  using Result = Connection::Result<T>;

  /// Takes ownership of a database connection that may write. The schema of its database must be
  /// the current one.
  Deliveries(std::unique_ptr<Connection> connection, LeaseTerms terms);
  ~Deliveries();
  Deliveries(const Deliveries&) = delete;
  Deliveries& operator=(const Deliveries&) = delete;

  /// Takes leases on deliveries that are due (to be made now), the earliest due time first, at most
  /// `limit` for each handler. A result of fewer than `limit` deliveries does not mean that no more
  /// are due: the call sets aside deliveries that must wait for an earlier delivery of the same
  /// handler and coupon. An empty result means that no delivery can be taken before next_due_ms().
  [[nodiscard]] Result<std::vector<ClaimedDelivery>> claim(std::span<const ClaimRequest> wanted,
                                                           std::int64_t now_ms);

  /// Takes leases on the deliveries of one notification to some handlers, even if their time has
  /// not come: when WeChat Pay sends another copy of a notification, its deliveries are tried again
  /// at once.
  /// \param begins true if the caller calls the handlers at once.
  /// \return one entry for each delivery; empty if the notification is unknown, or was stored
  /// without deliveries to these handlers.
  [[nodiscard]] Result<std::vector<ClaimResult>> claim_of(
      std::string_view mchid, std::string_view notification_id,
      std::span<const std::string_view> handlers, std::int64_t now_ms, bool begins = true);

  /// Records that the attempts of these deliveries begin now. This is needed for deliveries that
  /// were taken with ClaimedDelivery::begun false; call the function before calling the handler. An
  /// attempt that has begun already is not counted again. The commit does not wait for the disk: a
  /// power cut may lose the count, and then the handler may be called once more.
  /// \return for each lease, true if this replica still holds it.
  [[nodiscard]] Result<std::vector<bool>> begin(std::span<const Lease> held, std::int64_t now_ms);
  /// Undoes begin() for a leased delivery whose handler cannot be called yet.
  [[nodiscard]] Result<void> postpone(const Lease& held);

  /// Records the results of delivery attempts and ends their leases.
  /// \return for each result, true if it was recorded; false if another replica has taken over the
  /// lease, so that the result of that replica counts.
  [[nodiscard]] Result<std::vector<bool>> finish(std::span<const Finished> finished,
                                                 std::int64_t now_ms);

  /// Extends the leases of deliveries: each lease then lasts for a full lease time from now.
  /// \return for each lease, true if this replica still holds it.
  [[nodiscard]] Result<std::vector<bool>> renew(std::span<const Lease> held, std::int64_t now_ms);

  /// Ends the leases of deliveries whose handler was not called. The deliveries are due again at
  /// once, and no attempt is counted.
  [[nodiscard]] Result<void> release(std::span<const Lease> held, std::int64_t now_ms);

  /// Reads the earliest time at which a delivery to one of these handlers is due or a lease on such
  /// a delivery ends.
  /// \return the time in milliseconds since the Unix epoch; nothing if these handlers have no open
  /// delivery. The time may lie in the past, and its delivery may still have to wait, for example
  /// for a pause.
  [[nodiscard]] Result<std::optional<std::int64_t>> next_due_ms(
      std::span<const std::string_view> handlers);

  [[nodiscard]] Result<Backlog> backlog();

 private:
  using Work = Connection::Result<void>;
  struct Claim;

  [[nodiscard]] Work run();
  void end(std::int64_t delivery_id, std::string_view handler, std::int64_t lane,
           std::string_view from, std::string_view state, std::string_view error,
           std::int64_t now_ms);
  [[nodiscard]] Work count_and_run();

  // Functions that take deliveries under leases; they are defined in deliveries_claim.cpp.
  [[nodiscard]] Work read_pauses(std::int64_t now_ms);
  [[nodiscard]] bool is_paused(std::string_view handler) const;
  [[nodiscard]] const PauseRecord* pause_of(const Candidate& candidate,
                                            std::string_view event_type) const;
  [[nodiscard]] Work claim_due(std::span<const ClaimRequest> wanted, std::int64_t now_ms,
                               Claim& claim);
  [[nodiscard]] Work take(std::vector<Candidate>& candidates, std::int64_t now_ms, Claim& claim);
  void take_up(Candidate& candidate, NotificationContent&& content, std::int64_t now_ms,
               Claim& claim);

  // Functions that record the results of delivery attempts.
  [[nodiscard]] Work record(std::span<const Finished> finished, std::int64_t now_ms,
                            std::vector<bool>& counted);
  void report(const Finished& finished, const HeldDelivery& held, std::int64_t now_ms);

  const std::unique_ptr<Connection> connection_;
  const LeaseTerms terms_;
  /// Pauses that operators have set, as the current transaction has read them.
  std::vector<PauseRecord> pauses_;
  CounterDeltas counters_;
  std::vector<Command> commands_;
  std::vector<Rows> results_;
};

}  // namespace couponhook::storage
