#pragma once

/// \file
/// Takes due deliveries on lease, and records their results.

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

/// Number of deliveries to take for one handler.
struct Wanted {
  std::string_view handler;
  std::int64_t limit = 0;
  /// Number of these that the handler is called for at once, and whose attempt therefore begins
  /// now. The others wait in a queue until begin(); if their lease ends earlier, no attempt is
  /// counted.
  std::int64_t begin = std::numeric_limits<std::int64_t>::max();
};

/// A delivery that this replica holds on lease, with all the data that a handler receives.
struct ClaimedDelivery {
  Lease lease;
  std::int64_t attempt = 1;  ///< number in its round of attempts; lost attempts count too
  bool begun = true;  ///< true if the handler may be called now; otherwise call begin() first
  /// Not empty if the last attempt was lost (its lease ended without a result), and an earlier
  /// attempt of the round was lost too. Do not call the handler: report this text as the error of
  /// the attempt.
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
  std::string last_error;  ///< error of the previous attempt; empty if there was none
};

/// State of one notification's delivery to one handler, as claim_of() found it.
enum class Standing : std::uint8_t {
  kClaimed,     ///< this caller holds the lease now
  kInProgress,  ///< leased, by another replica or by this one
  kWaiting,     ///< behind an earlier delivery of its ordering key
  kPaused,      ///< held back by a pause that an operator has set
  kDone,        ///< delivered, or dropped by an operator
  kDead,
};
struct DeliveryStanding {
  std::string handler;
  Standing standing = Standing::kDone;
  std::string last_error;  ///< error of the last failed attempt, if any
  std::optional<ClaimedDelivery> claimed;
};

enum class DeliveryResult : std::uint8_t {
  kDone,
  kRetry,  ///< to be tried again at due_at_ms
  kDead,   ///< given up, until an operator retries it
};

/// Result of one attempt. The error's text must live until finish() returns.
struct Finished {
  Lease lease;
  DeliveryResult result = DeliveryResult::kDone;
  std::int64_t began_at_ms = 0;
  std::int64_t due_at_ms = 0;  ///< due time of the next attempt, for kRetry
  std::string_view error;      ///< for kRetry and kDead: the reason, and the answer of the target
};

/// Open and dead deliveries of all handlers together.
struct Backlog {
  std::int64_t pending = 0;   ///< deliveries without a failed attempt
  std::int64_t retrying = 0;  ///< deliveries that failed and will be tried again
  std::int64_t dead = 0;
  std::optional<std::int64_t> oldest_created_at_ms;  ///< of the oldest pending or retrying delivery
};

/// Takes due deliveries, each under a lease, and records their results.
///
/// Of one lane (handler and ordering key), only one delivery is leased at a time, the oldest open
/// one. The others cost a claim nothing, however many there are: they become due when the one
/// before them ends, done or dead. Paused deliveries are not taken.
///
/// Each call is one transaction, and is run again after a deadlock or serialization failure; a
/// failure changes nothing. A call blocks for about as long as a commit, so take many deliveries in
/// one call. Only one thread at a time may use an object.
class Deliveries {
 public:
  template <typename T>
  using Result = Connection::Result<T>;

  /// Takes ownership of a writing connection whose schema is current.
  Deliveries(std::unique_ptr<Connection> connection, LeaseTerms terms);
  ~Deliveries();
  Deliveries(const Deliveries&) = delete;
  Deliveries& operator=(const Deliveries&) = delete;

  /// Takes due deliveries, the earliest due time first, at most `limit` for each handler. A result
  /// below the limit does not mean that there are no more: deliveries that wait for an earlier one
  /// of their lane are set aside during the call. An empty result means that nothing can be taken
  /// before next_due_ms().
  [[nodiscard]] Result<std::vector<ClaimedDelivery>> claim(std::span<const Wanted> wanted,
                                                           std::int64_t now_ms);

  /// Takes the deliveries of one notification to these handlers, due or not, because WeChat Pay's
  /// next copy of the notification tries again at once.
  /// \param begins true if the caller calls the handlers at once.
  /// \return one entry for each delivery; empty if the notification is unknown, or was admitted
  /// without these handlers.
  [[nodiscard]] Result<std::vector<DeliveryStanding>> claim_of(
      std::string_view mchid, std::string_view notification_id,
      std::span<const std::string_view> handlers, std::int64_t now_ms, bool begins = true);

  /// Counts the attempts of deliveries that were claimed with `begun` false; call it before the
  /// handler is called. An attempt that has begun already is not counted again. The commit does not
  /// wait for the disk: if a power cut loses the count, the call may be repeated.
  /// \return for each lease, true if it is still held.
  [[nodiscard]] Result<std::vector<bool>> begin(std::span<const Lease> held, std::int64_t now_ms);
  /// Undoes begin() for a delivery whose handler cannot be called yet.
  [[nodiscard]] Result<void> postpone(const Lease& held);

  /// Records results.
  /// \return for each result, true if it was recorded; false if the lease had been taken over, so
  /// that another replica's result counts.
  [[nodiscard]] Result<std::vector<bool>> finish(std::span<const Finished> finished,
                                                 std::int64_t now_ms);

  /// Extends leases to the length of a new lease from now.
  /// \return for each lease, true if it is still held.
  [[nodiscard]] Result<std::vector<bool>> renew(std::span<const Lease> held, std::int64_t now_ms);

  /// Gives back deliveries whose handler was not called. They are due at once, and no attempt is
  /// counted.
  [[nodiscard]] Result<void> release(std::span<const Lease> held, std::int64_t now_ms);

  /// Reads when the next delivery of these handlers is due or a lease ends.
  /// \return nothing if none is open. The time may lie in the past, and may belong to a delivery
  /// that cannot be taken yet.
  [[nodiscard]] Result<std::optional<std::int64_t>> next_due_ms(
      std::span<const std::string_view> handlers);

  [[nodiscard]] Result<Backlog> backlog();

 private:
  using Work = Connection::Result<void>;
  struct Candidate;
  struct Claim;

  [[nodiscard]] Work run();
  void end(std::int64_t delivery_id, std::int64_t lane, std::string_view from,
           std::string_view state, std::string_view error, std::int64_t now_ms);
  [[nodiscard]] Work count_and_run();

  // Claims of deliveries, defined in deliveries_claim.cpp.
  [[nodiscard]] Work look_at_pauses(std::int64_t now_ms);
  [[nodiscard]] bool is_paused(std::string_view handler) const;
  [[nodiscard]] const PauseRecord* pause_of(const Candidate& candidate,
                                            std::string_view event_type) const;
  [[nodiscard]] Work claim_due(std::span<const Wanted> wanted, std::int64_t now_ms, Claim& claim);
  [[nodiscard]] Work take(std::vector<Candidate>& candidates, std::int64_t now_ms, Claim& claim);
  void take_up(Candidate& candidate, Row& content, std::int64_t now_ms, Claim& claim);

  // Recording of results.
  [[nodiscard]] Work record(std::span<const Finished> finished, std::int64_t now_ms,
                            std::vector<bool>& counted);
  void report(const Finished& finished, Row& held, std::int64_t now_ms);

  const std::unique_ptr<Connection> connection_;
  const LeaseTerms terms_;
  std::vector<PauseRecord> pauses_;  ///< pauses as the transaction read them
  CounterDeltas counters_;
  std::vector<Command> commands_;
  std::vector<Rows> results_;
};

}  // namespace couponhook::storage
