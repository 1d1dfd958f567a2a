#pragma once

/// \file
/// Writes a batch of admissions in one transaction.

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <unordered_set>
#include <variant>
#include <vector>

#include "storage/connection.hpp"
#include "storage/counter_deltas.hpp"
#include "storage/inbox.hpp"
#include "storage/records.hpp"

namespace couponhook::storage {

/// Request to commit any row, to test whether a commit is possible.
struct Probe {
  std::size_t bytes = 0;  ///< size of the row to commit
};

/// One request to the Inbox, with its listener and its outcome.
struct Work {
  std::variant<Probe, Admission, Quarantined> content;
  std::shared_ptr<AdmitListener> listener;
  AdmitOutcome outcome = AdmitOutcome::kFailed;
  std::vector<LeasedDelivery> leased{};
  std::size_t bytes = 0;  ///< memory that the request counts for in the queue
};

/// Writes batches through one connection. Uses no threads and calls no listeners.
///
/// The first round trip inserts every row unless its key exists. The unique index decides what is
/// new, so several writers need not coordinate. The next round trip writes what depends on that:
/// facts and deliveries of new notifications, counts of copies. Rows are written in the order of
/// their keys, so that two writers of the same rows wait for each other and do not deadlock.
///
/// Not thread-safe. Keeps its memory from one batch to the next.
class BatchWriter {
 public:
  using Result = Connection::Result<void>;

  /// \param connection must outlive this object.
  explicit BatchWriter(Connection& connection, LeaseTerms terms = {});

  /// Writes the batch in one transaction. On success it is durable and the outcome of each request
  /// is set. On failure, or if an exception is thrown, nothing is stored and every outcome is
  /// kFailed.
  [[nodiscard]] Result write(std::span<Work> batch, std::int64_t now_ms);

  /// Returns true if the last batch created deliveries without a lease, which wait for a worker.
  [[nodiscard]] bool made_deliveries() const { return made_deliveries_; }

 private:
  struct Admitted {
    const Admission* admission;
    Work* work;
    std::int64_t sequence = 0;  ///< row number; 0 if the notification is a copy
  };
  /// A delivery with a lease, inserted by the command number `position`.
  struct Leasing {
    Work* work;
    const NewDelivery* delivery;
    std::size_t position;
  };
  struct Kept {
    const Quarantined* quarantined;
    AdmitOutcome* outcome;
  };

  void sort(std::span<Work> batch);
  void append_beat(std::int64_t now_ms);
  [[nodiscard]] Result write_all(std::int64_t now_ms);
  [[nodiscard]] Result learn_counters();
  [[nodiscard]] Result insert_rows(std::int64_t now_ms);
  [[nodiscard]] Result follow_up();
  void append_facts();
  void ask_for_origins();
  void leave_out_retold();
  [[nodiscard]] Result insert_deliveries(std::int64_t now_ms);
  [[nodiscard]] Result look_at_lanes();
  [[nodiscard]] bool is_paused(const NewDelivery& delivery, std::string_view event_type) const;
  void append_delivery(const Admitted& item, const NewDelivery& delivery, std::int64_t now_ms);
  [[nodiscard]] Result read_copies();
  [[nodiscard]] Result insert_conflicts();
  [[nodiscard]] Result run();

  Connection& connection_;
  const LeaseTerms terms_;
  std::optional<std::int64_t> counted_slot_;  ///< slot whose names of totals were read
  bool made_deliveries_ = false;

  std::vector<Admitted> admissions_;
  std::vector<Kept> quarantined_;
  std::vector<AdmitOutcome*> probes_;
  std::size_t padding_bytes_ = 0;  ///< size of the largest probe
  std::string padding_;
  std::vector<const Admission*> facts_;
  std::vector<Admitted*> copies_;
  std::vector<Admitted*> conflicts_;
  std::vector<const Admitted*> with_deliveries_;
  /// For each item of with_deliveries_: position of the result that says which notification stored
  /// the fact first.
  std::vector<std::size_t> origins_;
  bool leases_wanted_ = false;
  std::vector<PauseRecord> pauses_;  ///< read in the transaction, only if a lease was asked for
  std::unordered_set<std::int64_t> taken_lanes_;
  std::vector<Leasing> leasing_;
  CounterDeltas counters_;
  std::vector<Command> commands_;
  std::vector<Rows> results_;
};

}  // namespace couponhook::storage
