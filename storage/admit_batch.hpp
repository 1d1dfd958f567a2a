#pragma once

/// \file
/// Admits a batch in one transaction.

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

/// Asks for a row to be committed, whichever.
struct Probe {
  std::size_t bytes = 0;  ///< that the row is to take up
};

/// One thing handed in, who is to be told, and what became of it.
struct Work {
  std::variant<Probe, Admission, Quarantined> content;
  std::shared_ptr<AdmitListener> listener;
  AdmitOutcome outcome = AdmitOutcome::kFailed;
  std::vector<BornLeased> leased{};
  std::size_t bytes = 0;  ///< that it counts for while it is in memory
};

/// Writes batches through one connection. Knows no threads and tells no listeners.
///
/// First every row is inserted unless its key exists, in one round trip: the unique index decides
/// what is new, so that several writers need not know of each other. Then follow, in another, what
/// depends on that: facts and deliveries of what is new, marks on what was there before. Rows are
/// written in the order of their keys, so that two writers of the same rows wait for each other
/// rather than deadlock.
///
/// Not thread-safe. Memory is kept from one batch to the next.
class BatchWriter {
 public:
  using Result = Connection::Result<void>;

  /// \param connection must outlive this object.
  explicit BatchWriter(Connection& connection, LeaseTerms terms = {});

  /// One transaction. On success it is durable and each work's outcome is set; on failure, or when
  /// an exception leaves it, nothing is kept and every outcome is kFailed.
  [[nodiscard]] Result write(std::span<Work> batch, std::int64_t now_ms);

  /// Whether the last batch made deliveries that wait for a worker.
  [[nodiscard]] bool made_deliveries() const { return made_deliveries_; }

 private:
  struct Admitted {
    const Admission* admission;
    Work* work;
    std::int64_t sequence = 0;  ///< 0: a copy
  };
  /// A delivery that is inserted as leased by the command at `position`.
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
  std::optional<std::int64_t> counted_slot_;  ///< whose counters' names are known
  bool made_deliveries_ = false;

  std::vector<Admitted> admissions_;
  std::vector<Kept> quarantined_;
  std::vector<AdmitOutcome*> probes_;
  std::size_t padding_bytes_ = 0;  ///< of the largest probe
  std::string padding_;
  std::vector<const Admission*> facts_;
  std::vector<Admitted*> copies_;
  std::vector<Admitted*> conflicts_;
  std::vector<const Admitted*> with_deliveries_;
  /// Where the results say who told the fact first, in the order of with_deliveries_.
  std::vector<std::size_t> origins_;
  bool leases_wanted_ = false;
  std::vector<PauseRecord> pauses_;  ///< as the transaction saw them, where leases are wanted
  std::unordered_set<std::int64_t> taken_lanes_;
  std::vector<Leasing> leasing_;
  CounterDeltas counters_;
  std::vector<Command> commands_;
  std::vector<Rows> results_;
};

}  // namespace couponhook::storage
