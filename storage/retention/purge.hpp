#pragma once

/// \file
/// Retention: removes old notifications, quarantined bodies, ledger facts and rows of the audit log
/// in small transactions.

#include <chrono>
#include <cstdint>
#include <functional>
#include <optional>
#include <string_view>
#include <vector>

#include "storage/connection.hpp"
#include "storage/retention/purge_sql.hpp"

namespace couponhook::storage {

/// For each kind of data, the time of reception before which the data is removed, in milliseconds
/// since the Unix epoch. nullopt: this kind of data is kept for ever.
struct PurgeCutoffs {
  /// Notifications received before this time lose their content (envelope and resource).
  std::optional<std::int64_t> payload_ms = std::nullopt;
  std::optional<std::int64_t> identity_ms =
      /// Notifications received before this time are removed with all rows that belong to them.
      std::nullopt;
  std::optional<std::int64_t> quarantine_ms = std::nullopt;
  /// Ledger facts (coupons issued, redeemed or refunded) stored before this time are removed; exact
  /// to the day.
  std::optional<std::int64_t> ledger_ms = std::nullopt;
  /// Rows of the audit log written before this time are removed.
  std::optional<std::int64_t> audit_ms = std::nullopt;
};

struct PurgeCounts {
  std::int64_t payloads = 0;
  std::int64_t identities = 0;
  std::int64_t quarantined = 0;
  std::int64_t facts = 0;
  std::int64_t actions = 0;  ///< rows of the audit log

  [[nodiscard]] bool any() const {
    return payloads + identities + quarantined + facts + actions != 0;
  }
};

/// Result of one step of the purge, which is one small transaction.
struct PurgeStep {
  bool more = false;  ///< true if the purge may have more to do
  /// Duration of the transaction. On SQLite, which allows one writer at a time, other writers had
  /// to wait for this time.
  std::chrono::steady_clock::duration held{};
};

/// Progress of a purge, counted in row numbers. Some row numbers are unused, so the progress is
/// approximate.
struct PurgeProgress {
  /// Name of the work that the purge does now, such as "removed notifications"; empty if that work
  /// is too short to report.
  std::string_view doing;
  std::uint64_t done = 0;
  std::uint64_t total = 0;
};

enum class PurgeMode : std::uint8_t {
  kRemove,
  kCount,  ///< only counts the rows that a purge would remove, and changes nothing
};

/// One pass of the purge, which removes the data that is older than the cutoff times. Each call of
/// step() is one small transaction.
///
/// A pass does not search for old rows. Rows are in order of arrival, so a pass continues where the
/// last pass ended and stops at the first row that is too young. The clocks of replicas may differ
/// by a few minutes (the difference that a signature's timestamp may have): a row may be kept
/// longer by that difference, but never shorter. A notification with an open delivery is not
/// changed: its number is recorded, and each pass checks it again until the delivery has ended.
///
/// The newest notification loses its content but is not removed, because SQLite would give its
/// number to the next notification. Totals that count events since the store was created are not
/// changed; totals of present rows are. A power cut may undo the last steps; the next pass does
/// them again. Only one thread at a time may use an object.
class Purge {
 public:
  template <typename T>
  using Result = Connection::Result<T>;

  using Now = std::function<std::chrono::steady_clock::time_point()>;

  /// Makes an object that does one pass of the purge.
  /// \param connection must outlive this object, and must be a writing connection unless `mode`
  /// only counts. Do not use this connection for data that must be durable: from the first step on,
  /// its commits do not wait for the disk.
  Purge(Connection& connection, const PurgeCutoffs& cutoffs, PurgeMode mode, Now now);

  /// Once a day, records the highest row numbers of the ledger as a mark. The ledger rows up to a
  /// mark were stored before the time of the mark; step() uses the marks to find old ledger facts.
  [[nodiscard]] Result<void> mark_ledger(std::int64_t now_ms);

  /// Returns true if the database allows one writer at a time (SQLite), so that a step of the purge
  /// makes other writers wait.
  [[nodiscard]] bool holds_up_writers() const;

  /// Runs the next step of the purge, which is one transaction. On failure the transaction is
  /// rolled back, and the same step may be run again.
  /// \param rows_max number of rows that the step looks at.
  /// \return whether there may be more to do, and how long the transaction took.
  [[nodiscard]] Result<PurgeStep> step(std::int64_t rows_max);

  [[nodiscard]] const PurgeCounts& counts() const { return counts_; }
  [[nodiscard]] PurgeProgress progress() const;

 private:
  enum class Stage : std::uint8_t {
    kHeld,
    kIdentities,
    kPayloads,
    kQuarantine,
    kFacts,
    kRefunds,
    kAudit,
    kDone
  };
  struct Counted {
    std::size_t position;  ///< index of the DELETE statement in the list commands_
    std::string_view total;
  };

  struct OldRows {
    std::int64_t rows;  ///< number of rows before the cutoff time
    std::int64_t to;    ///< number of the last of these rows
  };

  [[nodiscard]] Result<bool> step_held(std::int64_t rows_max);
  [[nodiscard]] Result<bool> step_identities(std::int64_t rows_max);
  [[nodiscard]] Result<bool> step_payloads(std::int64_t rows_max);
  [[nodiscard]] Result<bool> step_quarantine(std::int64_t rows_max);
  [[nodiscard]] Result<bool> step_ledger(std::int64_t rows_max);
  [[nodiscard]] Result<bool> step_audit(std::int64_t rows_max);

  [[nodiscard]] Result<void> start_at_cursor(std::string_view task, std::int64_t cutoff_ms);
  [[nodiscard]] Result<std::int64_t> estimate_end(std::int64_t cutoff_ms);
  [[nodiscard]] Result<void> scan(const Query<PurgeCandidate>& query, std::int64_t rows_max);
  [[nodiscard]] Result<OldRows> scan_old(const Query<RowTime>& query, std::int64_t cutoff_ms,
                                         std::int64_t rows_max);
  void append_removal(std::int64_t after, std::int64_t to);
  void append_emptying(std::int64_t after, std::int64_t to);
  void append_counted(std::string_view total, const Command& removal);
  [[nodiscard]] static std::int64_t removed(std::string_view total, const Rows& rows);
  [[nodiscard]] Result<void> write();
  void enter(Stage stage);

  Connection& connection_;
  const PurgeCutoffs cutoffs_;
  const PurgeMode mode_;
  const Now now_;
  std::chrono::steady_clock::duration held_{};
  Stage stage_ = Stage::kHeld;
  bool stage_begun_ = false;
  std::int64_t start_ = 0;
  /// Number of the last row that the present stage of the purge has looked at.
  std::int64_t position_ = 0;
  /// Estimate of the number of the row at which the present stage of the purge ends.
  std::int64_t end_ = 0;
  /// Number of the row at which the stage that removes notifications ended.
  std::int64_t identities_end_ = 0;
  std::int64_t newest_ = 0;
  PurgeCounts counts_;
  std::vector<PurgeCandidate> scanned_;
  std::vector<Command> commands_;
  /// DELETE statements for rows that the table `counters` counts. The number of rows that such a
  /// statement deletes is subtracted from their counter.
  std::vector<Counted> counted_;
  std::vector<Rows> results_;
};

}  // namespace couponhook::storage
