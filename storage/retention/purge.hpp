#pragma once

/// \file
/// Retention: what has been kept long enough goes, a little at a time.

#include <chrono>
#include <cstdint>
#include <functional>
#include <optional>
#include <string_view>
#include <vector>

#include "storage/connection.hpp"

namespace couponhook::storage {

/// What was received before these goes; nothing: it is kept for ever. Milliseconds since the Unix
/// epoch.
struct PurgeCutoffs {
  std::optional<std::int64_t> payload_ms = std::nullopt;  ///< envelope and resource are emptied
  std::optional<std::int64_t> identity_ms =
      std::nullopt;  ///< the notification and all that belongs to it goes
  std::optional<std::int64_t> quarantine_ms = std::nullopt;
  std::optional<std::int64_t> ledger_ms = std::nullopt;  ///< facts; to the day
};

struct PurgeCounts {
  std::int64_t payloads = 0;
  std::int64_t identities = 0;
  std::int64_t quarantined = 0;
  std::int64_t facts = 0;

  [[nodiscard]] bool any() const { return payloads + identities + quarantined + facts != 0; }
};

/// What a step did.
struct PurgeStep {
  bool more = false;  ///< whether there may be more to do
  /// How long others had to wait for it where one writes at a time.
  std::chrono::steady_clock::duration held{};
};

/// How far a pass is, in numbers of rows: some are missing, so it is about that far.
struct PurgeProgress {
  std::string_view doing;  ///< empty where it takes no time worth telling
  std::uint64_t done = 0;
  std::uint64_t total = 0;
};

enum class PurgeMode : std::uint8_t {
  kRemove,
  kCount,  ///< changes nothing
};

/// One pass over what has grown old, in as many small transactions as step() is called.
///
/// Nothing is searched for. Rows stand in the order in which they came in, so a pass goes on where
/// the last one ended and stops at the first row that is too young. Clocks of several replicas may
/// differ, by the few minutes that a signature's time may be off: a row is kept that much longer at
/// most, and never shorter. A notification with an open delivery keeps all it has; its number is
/// put aside and looked at in every pass until the delivery is done.
///
/// The newest notification is emptied but not removed: SQLite would give its number a second time.
/// Totals of what has happened stay, those of what is there now follow. A power cut may undo the
/// last steps: they are taken again. One thread at a time.
class Purge {
 public:
  template <typename T>
  using Result = Connection::Result<T>;

  using Now = std::function<std::chrono::steady_clock::time_point()>;

  /// \param connection must outlive this object, write unless it is only to count, and be used for
  ///   nothing that must last: its commits do not wait for the disk from the first step on.
  Purge(Connection& connection, const PurgeCutoffs& cutoffs, PurgeMode mode, Now now);

  /// Notes how far the ledger has come, once a day: what was noted before a cutoff is older.
  [[nodiscard]] Result<void> mark_ledger(std::int64_t now_ms);

  /// Whether nobody else can write while a step is under way.
  [[nodiscard]] bool holds_up_writers() const;

  /// One transaction. After a failure nothing of it is kept, and the same step may be tried again.
  /// \param rows_max looked at in it.
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
    std::size_t position;  ///< among the commands
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
  std::int64_t position_ = 0;        ///< the last row that was looked at in this stage
  std::int64_t end_ = 0;             ///< about where the stage ends
  std::int64_t identities_end_ = 0;  ///< where that stage ended
  std::int64_t newest_ = 0;
  PurgeCounts counts_;
  std::vector<Seen> seen_;
  std::vector<Command> commands_;
  std::vector<Counted> counted_;  ///< of these
  std::vector<Rows> results_;
};

}  // namespace couponhook::storage
