#pragma once

/// \file
/// Deliveries that are due: taken on lease, and reported back.

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

/// How many deliveries of a handler to take.
struct Wanted {
  std::string_view handler;
  std::int64_t limit = 0;
  /// How many of them are called at once, and so are begun. The others stand in a queue until
  /// begin(): a lease that ends before counts as no attempt.
  std::int64_t begin = std::numeric_limits<std::int64_t>::max();
};

/// A delivery in this replica's hands, with all that a handler is told.
struct ClaimedDelivery {
  Lease lease;
  std::int64_t attempt = 1;  ///< counts this one; a call that was lost counted too
  bool begun = true;         ///< may be called; else only after begin()
  /// Set where this attempt has been made already, by somebody whose lease ended without a report,
  /// as one before it did: what to report it as having failed with. It is not to be made.
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
  std::string last_error;  ///< of the attempt before; empty at the first
};

/// Where the delivery of one notification to one handler stands.
enum class Standing : std::uint8_t {
  kClaimed,     ///< it is this caller's now
  kInProgress,  ///< in other hands (or in this replica's: ask whoever holds it)
  kWaiting,     ///< for an earlier one of its ordering key
  kPaused,      ///< held back by an operator
  kDone,        ///< delivered, or skipped by an operator
  kDead,
};
struct DeliveryStanding {
  std::string handler;
  Standing standing = Standing::kDone;
  std::string last_error;  ///< of the last failure, if any
  std::optional<ClaimedDelivery> claimed;
};

enum class DeliveryResult : std::uint8_t {
  kDone,
  kRetry,  ///< again at due_at_ms
  kDead,   ///< never again, unless an operator says so
};

/// What became of an attempt. The text must live until finish() returns.
struct Finished {
  Lease lease;
  DeliveryResult result = DeliveryResult::kDone;
  std::int64_t began_at_ms = 0;
  std::int64_t due_at_ms = 0;  ///< for kRetry
  std::string_view error;      ///< for kRetry and kDead: the reason and what the target said
};

/// What is waiting, all handlers together.
struct Backlog {
  std::int64_t pending = 0;   ///< never tried
  std::int64_t retrying = 0;  ///< tried in vain, to be tried again
  std::int64_t dead = 0;
  std::optional<std::int64_t> oldest_created_at_ms;  ///< of those pending or retrying
};

/// Takes deliveries that are due, each under a lease, and records what became of them.
///
/// Of one handler and ordering key one delivery is out at a time, the oldest that is open; the
/// others do not cost a claim anything, however many there are, and become due when the one before
/// them ends, done or dead. Paused ones stay where they are.
///
/// Each call is one transaction, run again where it lost to another; a failure leaves everything as
/// it was. Blocks for about as long as a commit takes; nothing is cheaper than many deliveries in
/// one call. One thread at a time.
class Deliveries {
 public:
  template <typename T>
  using Result = Connection::Result<T>;

  /// Takes over a writing connection whose schema is current.
  Deliveries(std::unique_ptr<Connection> connection, LeaseTerms terms);
  ~Deliveries();
  Deliveries(const Deliveries&) = delete;
  Deliveries& operator=(const Deliveries&) = delete;

  /// Takes what is due, oldest due time first, at most `limit` of each handler. Fewer than the
  /// limit does not mean that there is no more: what waits for its predecessor is put aside on the
  /// way. Nothing at all means that nothing can be taken before next_due_ms().
  [[nodiscard]] Result<std::vector<ClaimedDelivery>> claim(std::span<const Wanted> wanted,
                                                           std::int64_t now_ms);

  /// Takes the deliveries of one notification to these handlers, due or not: WeChat Pay's next copy
  /// tries again at once. Gives one entry for each delivery that there is; none where the
  /// notification is not known, or was admitted without these handlers.
  /// \param begins whether what is claimed is called at once.
  [[nodiscard]] Result<std::vector<DeliveryStanding>> claim_of(
      std::string_view mchid, std::string_view notification_id,
      std::span<const std::string_view> handlers, std::int64_t now_ms, bool begins = true);

  /// Counts the attempts of deliveries that were claimed without being begun, before they are
  /// called; those that have begun already are counted once. Need not outlive a power cut: a call
  /// that was not counted is one that may be repeated.
  /// \return for each, whether it is still held.
  [[nodiscard]] Result<std::vector<bool>> begin(std::span<const Lease> held, std::int64_t now_ms);
  /// Takes that back for one that has to wait after all.
  [[nodiscard]] Result<void> postpone(const Lease& held);

  /// Records results. \return for each, whether it counted: false where the lease had been taken
  ///   over, so that somebody else's result counts instead.
  [[nodiscard]] Result<std::vector<bool>> finish(std::span<const Finished> finished,
                                                 std::int64_t now_ms);

  /// Makes leases last from now on as long as new ones. \return for each, whether it is still held.
  [[nodiscard]] Result<std::vector<bool>> renew(std::span<const Lease> held, std::int64_t now_ms);

  /// Gives back what was not begun, due at once, as if it had never been taken.
  [[nodiscard]] Result<void> release(std::span<const Lease> held, std::int64_t now_ms);

  /// When the next delivery of these handlers falls due, or a lease of theirs ends; nothing where
  /// none is open. May lie in the past, and be of one that cannot be taken yet.
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

  // Claiming, in deliveries_claim.cpp.
  [[nodiscard]] Work look_at_pauses(std::int64_t now_ms);
  [[nodiscard]] bool is_paused(std::string_view handler) const;
  [[nodiscard]] const PauseRecord* pause_of(const Candidate& candidate,
                                            std::string_view event_type) const;
  [[nodiscard]] Work claim_due(std::span<const Wanted> wanted, std::int64_t now_ms, Claim& claim);
  [[nodiscard]] Work take(std::vector<Candidate>& candidates, std::int64_t now_ms, Claim& claim);
  void take_up(Candidate& candidate, Row& content, std::int64_t now_ms, Claim& claim);

  // Reporting.
  [[nodiscard]] Work record(std::span<const Finished> finished, std::int64_t now_ms,
                            std::vector<bool>& counted);
  void report(const Finished& finished, Row& held, std::int64_t now_ms);

  const std::unique_ptr<Connection> connection_;
  const LeaseTerms terms_;
  std::vector<PauseRecord> pauses_;  ///< as the transaction saw them
  CounterDeltas counters_;
  std::vector<Command> commands_;
  std::vector<Rows> results_;
};

}  // namespace couponhook::storage
