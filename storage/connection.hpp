#pragma once

/// \file
/// The small interface behind which a database driver stands.

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

/// Bytes that are not text.
struct Bytes {
  std::string_view view;
};

/// A value for a statement, borrowed: it must live until run() returns.
using Parameter = std::variant<std::nullptr_t, std::int64_t, std::string_view, Bytes>;

/// A value out of a result. Text and bytes are both strings.
using Field = std::variant<std::nullptr_t, std::int64_t, std::string>;
using Row = std::vector<Field>;
using Rows = std::vector<Row>;

/// A statement's text, $1, $2 … in order of first appearance, so that both engines take it as it
/// is. Statements are constants (sql.hpp): a driver prepares each once and knows it by its address.
struct Statement {
  std::string_view text;
};

/// One execution of a statement.
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
  /// Durable when it returns success. On failure nothing of the transaction is kept, or (a lost
  /// connection) it is unknown; either way the caller must not promise anything.
  [[nodiscard]] virtual Result<void> commit() = 0;
  virtual void rollback() noexcept = 0;

  /// Runs commands in order, as one round trip where the engine can, and gives the rows of each.
  /// Stops at the first failure. `results` is resized to the commands' number; its memory is
  /// reused.
  [[nodiscard]] virtual Result<void> run(std::span<const Command> commands,
                                         std::vector<Rows>& results) = 0;

  /// Runs the last commands of a transaction and commits it: one round trip less where the engine
  /// can. As run() and commit() otherwise.
  [[nodiscard]] virtual Result<void> run_and_commit(std::span<const Command> commands,
                                                    std::vector<Rows>& results) {
    auto ran = run(commands, results);
    return ran ? commit() : ran;
  }

  /// From now on a commit does not wait until it is on the disk, in whatever session it is made.
  /// Such commits get there in order: none that waits can outlive one before it. For work that is
  /// found undone, and done again, where a power cut has lost it.
  [[nodiscard]] virtual Result<void> commit_without_waiting() = 0;

  /// The same for the open transaction alone, where the engine can tell them apart: others of this
  /// connection must last.
  virtual void commit_once_without_waiting() {}

  /// Which share of the counters the open transaction adds to. Totals are sums of all shares, so
  /// any would be right; each writer has one of its own so that none waits for another's counts.
  [[nodiscard]] virtual std::int64_t counter_slot() const { return 0; }

  /// Runs statements without parameters or results, separated by semicolons (migrations).
  [[nodiscard]] virtual Result<void> run_script(std::string_view script) = 0;

  /// Whether what this connection writes to is still what the store's URL leads to; for whoever has
  /// nothing to write. begin(), commit() and what is run outside of a transaction look themselves.
  [[nodiscard]] virtual Result<void> check_place() { return {}; }

  /// Bytes the database takes up.
  [[nodiscard]] virtual Result<std::int64_t> size_bytes() = 0;

  /// A complete check of the content, as slow as the store is large.
  [[nodiscard]] virtual Result<void> check_integrity() = 0;

  /// "sqlite" or "postgresql".
  [[nodiscard]] virtual std::string_view engine() const = 0;
};

}  // namespace couponhook::storage
