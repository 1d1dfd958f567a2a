#pragma once

/// \file
/// The PostgreSQL driver.

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "storage/backoff.hpp"
#include "storage/connection.hpp"
#include "storage/postgres/postgres_session.hpp"

namespace couponhook::storage {

/// How long things may take.
struct PostgresTimes {
  /// One statement, told to the server too. Twice this ends a run of several.
  std::chrono::milliseconds statement_max{3000};
  /// A statement that waits for a row which another transaction holds.
  std::chrono::milliseconds lock_max{1000};
  /// A commit, told to nobody: one that takes long still counts when it is done, and one that was
  /// called off would have to be asked for again.
  std::chrono::milliseconds commit_max{30'000};
};

/// A connection to a PostgreSQL server, made when it is first used, and again by itself when it was
/// lost. While no server can be reached, attempts are made at growing intervals, and what is asked
/// between two attempts fails at once.
///
/// A transaction whose connection is lost before its commit was asked for fails as a conflict: it
/// may be run again as a whole. One that is lost during its commit fails as unavailable: whether it
/// is kept is unknown.
class PostgresConnection final : public Connection {
 public:
  struct Options {
    std::string url;   ///< may hold a password
    std::string name;  ///< for messages
    PostgresTimes times;
    bool read_only = false;
    /// Looks at each server that a connection was made to before it is used for anything else.
    std::function<Result<void>(PostgresConnection&)> adopt = nullptr;
  };
  explicit PostgresConnection(Options options);
  ~PostgresConnection() override;
  PostgresConnection(const PostgresConnection&) = delete;
  PostgresConnection& operator=(const PostgresConnection&) = delete;

  /// Connects now rather than at the first use.
  [[nodiscard]] Result<void> connect();

  [[nodiscard]] Result<void> begin() override;
  [[nodiscard]] Result<void> commit() override;
  void rollback() noexcept override;
  [[nodiscard]] Result<void> run(std::span<const Command> commands,
                                 std::vector<Rows>& results) override;
  [[nodiscard]] Result<void> run_and_commit(std::span<const Command> commands,
                                            std::vector<Rows>& results) override;
  [[nodiscard]] Result<void> run_script(std::string_view script) override;
  [[nodiscard]] Result<void> commit_without_waiting() override;
  void commit_once_without_waiting() override { this_commit_waits_ = false; }
  [[nodiscard]] Result<std::int64_t> size_bytes() override;
  [[nodiscard]] Result<void> check_integrity() override;
  [[nodiscard]] std::int64_t counter_slot() const override { return counter_slot_; }
  [[nodiscard]] std::string_view engine() const override { return "postgresql"; }

  /// One command, outside of any transaction.
  [[nodiscard]] Result<Rows> ask(const Command& command);
  [[nodiscard]] const Options& options() const { return options_; }

 private:
  struct Prepared {
    std::string name;
    bool ready = false;  ///< the server has it
  };
  /// What a result belongs to.
  struct Step {
    Prepared* prepares = nullptr;
    Rows* rows = nullptr;
    bool commits = false;
  };

  [[nodiscard]] Result<void> usable();
  [[nodiscard]] Result<void> establish();
  [[nodiscard]] Result<void> set_up();
  [[nodiscard]] Result<void> claim_counter_slot();
  void drop_session();

  [[nodiscard]] Result<void> exchange(std::span<const Command> commands, std::vector<Rows>& results,
                                      bool and_commit);
  void queue_all(std::span<const Command> commands, std::vector<Rows>& results, bool and_commit);
  void queue_prepared(const Command& command);
  [[nodiscard]] Result<void> receive_all(PostgresSession::Deadline deadline);
  [[nodiscard]] Result<void> read(const pg_result* answer, const Step& step);
  /// \param may_be_committed whether the server had been asked to.
  [[nodiscard]] Failure lose_session(Failure failure, bool may_be_committed);

  Options options_;
  Backoff backoff_;
  std::optional<Failure> last_failure_;  ///< of connecting
  std::unique_ptr<PostgresSession> session_;
  bool adopting_ = false;
  bool in_transaction_ = false;
  bool begin_pending_ = false;  ///< BEGIN goes with the first commands
  bool commits_wait_ = true;    ///< until they are on the disk
  bool this_commit_waits_ = true;
  std::int64_t counter_slot_ = 0;
  std::unordered_map<const Statement*, Prepared> prepared_;
  std::vector<Step> steps_;
  bool statements_are_stale_ = false;
};

}  // namespace couponhook::storage
