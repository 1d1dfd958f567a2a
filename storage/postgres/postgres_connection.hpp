#pragma once

/// \file
/// PostgreSQL driver of the store: a connection that reconnects by itself.

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

/// Time limits of a PostgreSQL connection.
struct PostgresTimes {
  /// Longest time of one SQL statement; the server enforces this limit too. For several statements
  /// sent together, the client waits twice as long.
  std::chrono::milliseconds statement_max{3000};
  /// Longest wait of an SQL statement for a row that another transaction has locked.
  std::chrono::milliseconds lock_max{1000};
  /// Longest time that the client waits for a commit. The server does not enforce this limit: a
  /// commit that takes longer is still valid when it is done, and a cancelled commit would have to
  /// be repeated.
  std::chrono::milliseconds commit_max{30'000};
};

/// Connection to a PostgreSQL server. Connects at the first use, and reconnects by itself after the
/// connection is lost. While no server can be reached, the object tries to connect at growing
/// intervals; calls between two tries fail at once.
///
/// If the connection is lost before the COMMIT was sent, the transaction fails with kConflict: it
/// may be run again as a whole. If the connection is lost during the COMMIT, the transaction fails
/// with kUnavailable: whether it was committed is unknown. If the server gives no answer in time,
/// the transaction fails with kUnavailable too.
class PostgresConnection final : public Connection {
 public:
  struct Options {
    std::string url;   ///< URL of the PostgreSQL server; may hold a password
    std::string name;  ///< name of the store for error messages, without secrets
    PostgresTimes times;
    bool read_only = false;
    /// Function that is called after each connect, before the connection is used for anything else.
    /// It checks the server and prepares the store; if it fails, the connection is not used.
    std::function<Result<void>(PostgresConnection&)> adopt = nullptr;
  };
  explicit PostgresConnection(Options options);
  ~PostgresConnection() override;
  PostgresConnection(const PostgresConnection&) = delete;
  PostgresConnection& operator=(const PostgresConnection&) = delete;

  /// Connects to the server now instead of at the first use.
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

  /// Runs one SQL command outside a transaction.
  /// \return the result rows of the command.
  [[nodiscard]] Result<Rows> ask(const Command& command);
  [[nodiscard]] const Options& options() const { return options_; }

 private:
  struct Prepared {
    std::string name;
    bool ready = false;  ///< true if the server has prepared the statement
  };
  /// Describes how to read one of the results that the server sends for the statements in the
  /// pipeline.
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
  /// Drops the session with the server after the session failed.
  /// \param may_be_committed true if COMMIT was sent, so that the transaction may have been
  /// committed.
  /// \return `failure`, with the code kConflict if the open transaction may be run again.
  [[nodiscard]] Failure lose_session(Failure failure, bool may_be_committed);

  Options options_;
  Backoff backoff_;
  std::optional<Failure> last_failure_;  ///< failure of the last try to connect to the server
  std::unique_ptr<PostgresSession> session_;
  bool adopting_ = false;
  bool in_transaction_ = false;
  /// True until BEGIN is sent to the server, together with the first commands of the transaction.
  bool begin_pending_ = false;
  bool commits_wait_ = true;  ///< true if commits return only when their data is on the disk
  bool this_commit_waits_ = true;
  std::int64_t counter_slot_ = 0;
  std::unordered_map<const Statement*, Prepared> prepared_;
  std::vector<Step> steps_;
  bool statements_are_stale_ = false;
};

}  // namespace couponhook::storage
