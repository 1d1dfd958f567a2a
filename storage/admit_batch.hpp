#pragma once

/// \file
/// Writes a batch of notifications and quarantined requests to the store in one transaction.

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

/// Request to commit a test row, which shows whether the store can commit now.
struct Probe {
  std::size_t bytes = 0;  ///< size of the test row in bytes
};

/// One queued request to the Inbox (a notification, a quarantined request or a test row), with its
/// outcome and the listener that is called with the outcome.
struct Work {
  std::variant<Probe, Admission, Quarantined> content;
  std::shared_ptr<AdmitListener> listener;
  AdmitOutcome outcome = AdmitOutcome::kFailed;
  std::vector<LeasedDelivery> leased{};
  /// Number of bytes that this request counts against the memory limit of the queue.
  std::size_t bytes = 0;
};

/// Writes batches of requests through one database connection. Starts no threads and calls no
/// listeners.
///
/// The first round trip inserts every row unless a row with its key exists. The database's unique
/// index decides which notifications are new, so several writers need not coordinate. The next
/// round trip writes the rows that depend on the answer: ledger facts and deliveries for new
/// notifications, a higher count for copies of stored notifications. Rows are written in the order
/// of their keys, so that two writers of the same rows wait for each other and do not deadlock.
///
/// Not thread-safe. Keeps its allocated memory from one batch to the next.
class BatchWriter {
 public:
  using Result = Connection::Result<void>;

  /// Makes an object that writes through one database connection.
  /// \param connection the connection; must outlive this object.
  explicit BatchWriter(Connection& connection, LeaseTerms terms = {});

  /// Writes a batch of requests in one transaction. On success the data is durable and the outcome
  /// of each request is set. On failure, or if an exception is thrown, nothing is stored and every
  /// outcome is kFailed.
  [[nodiscard]] Result write(std::span<Work> batch, std::int64_t now_ms);

  /// Returns true if the last batch created at least one delivery without a lease. Such deliveries
  /// wait until a delivery worker takes them.
  [[nodiscard]] bool made_deliveries() const { return made_deliveries_; }

 private:
  struct Admitted {
    const Admission* admission;
    Work* work;
    /// Row number of a new notification; 0 for a copy of a stored notification.
    std::int64_t sequence = 0;
  };
  /// A new delivery that is created with a lease for this process. `position` is the index of its
  /// INSERT statement among the commands of the round trip, and so the index of the result that
  /// holds the number of the delivery.
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
  void append_openids();
  void append_facts();
  void ask_for_origins();
  void skip_repeated_facts();
  [[nodiscard]] Result insert_deliveries(std::int64_t now_ms);
  [[nodiscard]] Result read_lanes();
  [[nodiscard]] bool is_paused(const NewDelivery& delivery, std::string_view event_type) const;
  void append_delivery(const Admitted& item, const NewDelivery& delivery, std::int64_t now_ms);
  [[nodiscard]] Result read_copies();
  [[nodiscard]] Result insert_conflicts();
  [[nodiscard]] Result run();

  Connection& connection_;
  const LeaseTerms terms_;
  /// Number of the counter slot (the rows in which one writer counts) for which this object has
  /// read the names of the stored totals.
  std::optional<std::int64_t> counted_slot_;
  bool made_deliveries_ = false;

  std::vector<Admitted> admissions_;
  std::vector<Kept> quarantined_;
  std::vector<AdmitOutcome*> probes_;
  std::size_t padding_bytes_ = 0;  ///< size in bytes of the largest test row in the batch
  std::string padding_;
  std::vector<const Admission*> facts_;
  std::vector<Admitted*> copies_;
  std::vector<Admitted*> conflicts_;
  std::vector<const Admitted*> with_deliveries_;
  /// For each item of with_deliveries_ (new notifications that have deliveries): the index of the
  /// query result that names the notification which stored the same ledger fact first.
  std::vector<std::size_t> origins_;
  bool leases_wanted_ = false;
  /// Active pauses that operators have set for deliveries. They are read in each transaction that
  /// creates a delivery with a lease.
  std::vector<PauseRecord> pauses_;
  std::unordered_set<std::int64_t> taken_lanes_;
  std::vector<Leasing> leasing_;
  CounterDeltas counters_;
  std::vector<Command> commands_;
  std::vector<Rows> results_;
};

}  // namespace couponhook::storage
