#pragma once

/// \file
/// Operators' commands on sealed bodies and on unreadable notifications.

#include <cstdint>
#include <memory>
#include <span>
#include <string_view>
#include <vector>

#include "storage/connection.hpp"
#include "storage/counter_deltas.hpp"
#include "storage/records.hpp"

namespace couponhook::storage {

/// Result of reading a stored notification again.
enum class RereadResult : std::uint8_t {
  kRead,         ///< the fact is in the ledger now
  kNotFound,     ///< there is no such notification
  kReadAlready,  ///< the fact was read before, or there is none that the ledger keeps
};

/// Finishes the work that waits for an operator: sealed bodies, and notifications whose fact could
/// not be read. Each call is one transaction. Only one thread at a time may use an object.
class QuarantineControl {
 public:
  template <typename T>
  using Result = Connection::Result<T>;

  /// \param connection a writing connection whose schema is current; may be shared within one
  /// thread.
  explicit QuarantineControl(std::shared_ptr<Connection> connection);

  /// Stores what the current program has read in a stored notification: its fact, and a delivery to
  /// each handler that has no delivery of it yet. This happens only once, however often and on
  /// whichever replica it is called. A notification without the mark "unreadable" (older releases
  /// set none) gets a missing fact, but no deliveries.
  /// \param read made from the stored resource; its id and mchid identify the notification.
  [[nodiscard]] Result<RereadResult> reread(const Admission& read);

  /// Deletes a sealed body for good. \return false if the body is not in quarantine (any more).
  [[nodiscard]] Result<bool> discard(const SealedKey& key);

  /// Removes the mark from an unreadable notification that nobody will read; changes nothing else.
  /// \param reason stored in the flaw of the notification.
  /// \return false if there is no such notification, or it is not marked.
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
