#pragma once

/// \file
/// Interface of a database driver (SQLite or PostgreSQL): connections, statements, parameters and
/// results.

#include <algorithm>
#include <array>
#include <cassert>
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include <boost/system/result.hpp>

#include "storage/failure.hpp"

namespace couponhook::storage {

/// Binary data as a statement parameter; the database stores it as bytes and not as text.
struct Bytes {
  std::string_view view;
};

/// Value of one parameter of an SQL statement. Text and bytes are not copied: they must live until
/// run() returns.
using Parameter = std::variant<std::nullptr_t, std::int64_t, std::string_view, Bytes>;

/// Value of one column in one row of a query result. Text and binary data both arrive as
/// std::string.
using Field = std::variant<std::nullptr_t, std::int64_t, std::string>;
using Row = std::vector<Field>;
using Rows = std::vector<Row>;

/// Text of an SQL statement. Parameters are $1, $2 … in order of first appearance, so that SQLite
/// and PostgreSQL accept the same text. Every Statement is a constant of sql.hpp: a database driver
/// prepares each statement once for each connection, and recognizes the statement by its address.
struct Statement {
  std::string_view text;
};

/// An SQL statement together with the parameter values for one execution.
class Command {
 public:
  static constexpr std::size_t kParametersMax = 16;

  Command(const Statement& statement, std::initializer_list<Parameter> parameters)
      : statement_(&statement), count_(parameters.size()) {
    assert(parameters.size() <= kParametersMax);
    std::size_t i = 0;
    for (const Parameter& p : parameters) parameters_[i++] = p;
  }
  Command(const Statement& statement, std::span<const Parameter> parameters)
      : statement_(&statement), count_(parameters.size()) {
    assert(parameters.size() <= kParametersMax);
    std::ranges::copy(parameters, parameters_.begin());
  }

  [[nodiscard]] const Statement& statement() const { return *statement_; }
  [[nodiscard]] std::span<const Parameter> parameters() const {
    return {parameters_.data(), count_};
  }

 private:
  const Statement* statement_;
  std::size_t count_;
  std::array<Parameter, kParametersMax> parameters_;
};

/// One connection to a database, used by one thread at a time.
class Connection {
 public:
  template <typename T>
  using Result = boost::system::result<T, Failure>;

  virtual ~Connection() = default;

  [[nodiscard]] virtual Result<void> begin() = 0;
  /// Commits the open transaction. On success the transaction is durable, unless commits of this
  /// connection do not wait for the disk (see commit_without_waiting()). On failure nothing of the
  /// transaction is kept; if the connection was lost, the result is unknown. After a failure the
  /// caller must not report that data was stored.
  [[nodiscard]] virtual Result<void> commit() = 0;
  virtual void rollback() noexcept = 0;

  /// Runs SQL commands in order and returns the result rows of each command, in one round trip if
  /// the database engine supports that. Stops at the first failure.
  /// \param results receives one entry for each command; its memory is reused.
  [[nodiscard]] virtual Result<void> run(std::span<const Command> commands,
                                         std::vector<Rows>& results) = 0;

  /// Runs the last commands of a transaction and commits the transaction. If the database engine
  /// supports it, both take only one round trip; otherwise the function is the same as run()
  /// followed by commit().
  [[nodiscard]] virtual Result<void> run_and_commit(std::span<const Command> commands,
                                                    std::vector<Rows>& results) {
    auto ran = run(commands, results);
    return ran ? commit() : ran;
  }

  /// Makes all later commits of this connection return before their data is on the disk, also after
  /// a reconnect. Such commits reach the disk in order, and before any later commit that waits for
  /// the disk. Use this only for work that may be lost in a power cut, because after the restart
  /// the program finds the work undone and does it again.
  [[nodiscard]] virtual Result<void> commit_without_waiting() = 0;

  /// Makes only the commit of the open transaction return before its data is on the disk. Has no
  /// effect on a database engine that cannot set this for one transaction. Used on connections
  /// whose other commits must be durable.
  virtual void commit_once_without_waiting() {}

  /// \return the number of the counter slot that the open transaction uses. Each writer counts in a
  /// slot (rows of the table of totals) of its own, so that writers do not wait for each other. A
  /// total is the sum over all slots, so any slot would give the right total.
  [[nodiscard]] virtual std::int64_t counter_slot() const { return 0; }

  /// Runs SQL statements separated by semicolons, without parameters or results. Used for schema
  /// migrations.
  [[nodiscard]] virtual Result<void> run_script(std::string_view script) = 0;

  /// Checks that the store's URL still leads to the database that this connection writes to (an
  /// SQLite file may have been moved or replaced). Used by callers that have nothing to write:
  /// begin(), commit(), and statements outside a transaction make this check themselves.
  [[nodiscard]] virtual Result<void> check_place() { return {}; }

  /// \return the size of the database in bytes.
  [[nodiscard]] virtual Result<std::int64_t> size_bytes() = 0;

  /// Searches the whole content of the database for damage. The time grows with the size of the
  /// database.
  [[nodiscard]] virtual Result<void> check_integrity() = 0;

  /// \return the name of the database engine: "sqlite" or "postgresql".
  [[nodiscard]] virtual std::string_view engine() const = 0;
};

}  // namespace couponhook::storage
