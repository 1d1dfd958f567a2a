#pragma once

/// \file
/// What operators do to what could not be opened or read.

#include <cstdint>
#include <memory>
#include <span>
#include <string_view>
#include <vector>

#include "storage/connection.hpp"
#include "storage/counter_deltas.hpp"
#include "storage/records.hpp"

namespace couponhook::storage {

/// What became of reading a kept notification again.
enum class RereadResult : std::uint8_t {
  kRead,         ///< its fact is in the ledger now
  kNotFound,     ///< there is no such notification
  kReadAlready,  ///< it was read before, or has no fact that the ledger keeps
};

/// Ends what waits for an operator: sealed bodies, and notifications without a readable fact. Each
/// call is one transaction. One thread at a time.
class QuarantineControl {
 public:
  template <typename T>
  using Result = Connection::Result<T>;

  /// \param connection writes, and has a current schema; shared with others of the same thread.
  explicit QuarantineControl(std::shared_ptr<Connection> connection);

  /// Keeps what today's code reads in a kept notification: its fact, and a delivery to each handler
  /// that has none of it yet. Once only, however often and wherever it is called. A notification
  /// that was not marked as unreadable (an older release did not mark any) gets its fact if that is
  /// missing, and no deliveries.
  /// \param read made from the stored resource; its id and mchid say which notification it is.
  [[nodiscard]] Result<RereadResult> reread(const Admission& read);

  /// Removes a sealed body for good. \return false where it is not, or no longer, in quarantine.
  [[nodiscard]] Result<bool> discard(const SealedKey& key);

  /// Takes the mark off an unreadable notification that nobody is going to read, which stays as it
  /// is otherwise. \param reason kept in its flaw.
  /// \return false where there is no such notification, or it is not marked.
  [[nodiscard]] Result<bool> dismiss(std::string_view id, std::string_view mchid,
                                     std::string_view reason);

 private:
  using Work = Connection::Result<void>;

  [[nodiscard]] Work run();
  [[nodiscard]] Work count_and_run();
  [[nodiscard]] Work reread_one(const Admission& read, RereadResult& result);
  [[nodiscard]] Work add_fact(const Admission& read, bool& is_new, bool& retold);
  [[nodiscard]] Work add_deliveries(const Admission& read, std::int64_t sequence,
                                    std::int64_t received_at_ms);

  const std::shared_ptr<Connection> connection_;
  CounterDeltas counters_;
  std::vector<Command> commands_;
  std::vector<Rows> results_;
};

}  // namespace couponhook::storage
