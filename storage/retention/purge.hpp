#pragma once

/// \file
/// Retention: removes old data in small transactions.

#include <chrono>
#include <cstdint>
#include <functional>
#include <optional>
#include <string_view>
#include <vector>

#include "storage/connection.hpp"

namespace couponhook::storage {

/// Times of reception, in milliseconds since the Unix epoch: older data is removed. nullopt: the
/// data is kept for ever.
struct PurgeCutoffs {
  std::optional<std::int64_t> payload_ms = std::nullopt;  ///< empties envelope and resource
  std::optional<std::int64_t> identity_ms =
      std::nullopt;  ///< removes the notification and all that belongs to it
  std::optional<std::int64_t> quarantine_ms = std::nullopt;
  std::optional<std::int64_t> ledger_ms = std::nullopt;  ///< removes ledger facts; exact to the day
};

struct PurgeCounts {
  std::int64_t payloads = 0;
  std::int64_t identities = 0;
  std::int64_t quarantined = 0;
  std::int64_t facts = 0;

  [[nodiscard]] bool any() const { return payloads + identities + quarantined + facts != 0; }
};

/// Result of one step.
struct PurgeStep {
  bool more = false;  ///< true if there may be more to do
  /// Time for which other writers had to wait, on an engine with one writer at a time.
  std::chrono::steady_clock::duration held{};
};

/// Progress of a pass, in row numbers. Some numbers are unused, so the progress is approximate.
struct PurgeProgress {
  std::string_view doing;  ///< empty if the current stage is too short to report
  std::uint64_t done = 0;
  std::uint64_t total = 0;
};

enum class PurgeMode : std::uint8_t {
  kRemove,
  kCount,  ///< only counts, and changes nothing
};

/// One pass of retention. Each call of step() is one small transaction.
///
/// A pass does not search. Rows are in order of arrival, so a pass continues where the last one
/// ended and stops at the first row that is too young. The clocks of replicas may differ by the few
/// minutes that a signature's timestamp may be off: a row is kept that much longer at most, and
/// never shorter. A notification with an open delivery is not changed: its number is stored aside,
/// and each pass checks it until the delivery is done.
///
/// The newest notification is emptied but not removed, because SQLite would give its number to the
/// next one. Totals of events since the beginning are not changed; totals of current rows are. A
/// power cut may undo the last steps; the next pass does them again. Only one thread at a time may
/// use an object.
class Purge {
 public:
  template <typename T>
  using Result = Connection::Result<T>;

  using Now = std::function<std::chrono::steady_clock::time_point()>;

  /// \param connection must outlive this object, and must be a writing connection unless `mode`
  /// only counts. Do not use the connection for anything durable: from the first step on, its
  /// commits do not wait for the disk.
  Purge(Connection& connection, const PurgeCutoffs& cutoffs, PurgeMode mode, Now now);

  /// Records, once a day, how many rows the ledger has. Rows up to a mark are older than the mark,
  /// which is how step() finds old facts.
  [[nodiscard]] Result<void> mark_ledger(std::int64_t now_ms);

  /// Returns true if the engine allows one writer at a time, so that a step makes the others wait.
  [[nodiscard]] bool holds_up_writers() const;

  /// Runs one transaction. On failure nothing of it is kept, and the same step may be run again.
  /// \param rows_max number of rows to look at.
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
    kDone
  };
  struct Counted {
    std::size_t position;  ///< index in commands_
    std::string_view total;
  };
  struct Seen {
    std::int64_t seq = 0;
    std::int64_t received_at_ms = 0;
    bool has_payload = false;
    bool is_open = false;
  };

  [[nodiscard]] Result<bool> step_held(std::int64_t rows_max);
  [[nodiscard]] Result<bool> step_identities(std::int64_t rows_max);
  [[nodiscard]] Result<bool> step_payloads(std::int64_t rows_max);
  [[nodiscard]] Result<bool> step_quarantine(std::int64_t rows_max);
  [[nodiscard]] Result<bool> step_ledger(std::int64_t rows_max);

  [[nodiscard]] Result<void> start_at_cursor(std::string_view task, std::int64_t cutoff_ms);
  [[nodiscard]] Result<std::int64_t> estimate_end(std::int64_t cutoff_ms);
  [[nodiscard]] Result<void> look(const Statement& statement, std::int64_t rows_max);
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
  std::int64_t position_ = 0;        ///< last row that this stage has looked at
  std::int64_t end_ = 0;             ///< estimate of the row where the stage ends
  std::int64_t identities_end_ = 0;  ///< row where the stage of identities ended
  std::int64_t newest_ = 0;
  PurgeCounts counts_;
  std::vector<Seen> seen_;
  std::vector<Command> commands_;
  std::vector<Counted> counted_;  ///< removals that a total has to follow
  std::vector<Rows> results_;
};

}  // namespace couponhook::storage
