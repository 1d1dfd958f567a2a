#pragma once

/// \file
/// Interface of a database driver: connections, statements, parameters and results.

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

/// Binary data, which the database stores as bytes and not as text.
struct Bytes {
  std::string_view view;
};

/// Value of a statement's parameter. It is borrowed: the data must live until run() returns.
using Parameter = std::variant<std::nullptr_t, std::int64_t, std::string_view, Bytes>;

/// Value of a result's column. Text and bytes both arrive as std::string.
using Field = std::variant<std::nullptr_t, std::int64_t, std::string>;
using Row = std::vector<Field>;
using Rows = std::vector<Row>;

/// Text of an SQL statement. Parameters are $1, $2 … in order of first appearance, so that both
/// engines accept the same text. Every Statement is a constant (sql.hpp): a driver prepares each
/// one once per connection, and recognizes it by its address.
struct Statement {
  std::string_view text;
};

/// One execution of a statement, with its parameters.
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
  /// Commits. On success the transaction is durable, unless commits do not wait for the disk (see
  /// commit_without_waiting()). On failure nothing of the transaction is kept, or, if the
  /// connection was lost, the result is unknown. In both cases the caller must not promise
  /// anything.
  [[nodiscard]] virtual Result<void> commit() = 0;
  virtual void rollback() noexcept = 0;

  /// Runs commands in order and returns the rows of each, in one round trip if the engine supports
  /// that. Stops at the first failure.
  /// \param results resized to the number of commands; its memory is reused.
  [[nodiscard]] virtual Result<void> run(std::span<const Command> commands,
                                         std::vector<Rows>& results) = 0;

  /// Runs the last commands of a transaction and commits it. This saves one round trip if the
  /// engine supports that. Otherwise the same as run() followed by commit().
  [[nodiscard]] virtual Result<void> run_and_commit(std::span<const Command> commands,
                                                    std::vector<Rows>& results) {
    auto ran = run(commands, results);
    return ran ? commit() : ran;
  }

  /// From now on, commits of this connection return before their data is on the disk; this also
  /// applies after a reconnect. Such commits reach the disk in order, and before any later commit
  /// that waits. Use this only for work that a power cut may lose, because it is found undone and
  /// is done again.
  [[nodiscard]] virtual Result<void> commit_without_waiting() = 0;

  /// Makes only the commit of the open transaction return before its data is on the disk, on
  /// engines that can set this for each transaction. For connections whose other commits must be
  /// durable.
  virtual void commit_once_without_waiting() {}

  /// \return the slot in which the open transaction counts. A total is the sum of all its slots, so
  /// any slot would be correct; each writer has a slot of its own so that writers do not wait for
  /// each other.
  [[nodiscard]] virtual std::int64_t counter_slot() const { return 0; }

  /// Runs SQL statements separated by semicolons, without parameters or results. For migrations.
  [[nodiscard]] virtual Result<void> run_script(std::string_view script) = 0;

  /// Checks that the store's URL still leads to the database that this connection writes to. For
  /// callers that have nothing to write: begin(), commit(), and statements outside a transaction
  /// check it themselves.
  [[nodiscard]] virtual Result<void> check_place() { return {}; }

  /// \return the size of the database in bytes.
  [[nodiscard]] virtual Result<std::int64_t> size_bytes() = 0;

  /// Checks the whole content of the database for damage; takes time in proportion to its size.
  [[nodiscard]] virtual Result<void> check_integrity() = 0;

  /// \return "sqlite" or "postgresql".
  [[nodiscard]] virtual std::string_view engine() const = 0;
};

}  // namespace couponhook::storage
