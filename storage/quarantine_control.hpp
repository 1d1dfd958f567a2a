#pragma once

/// \file
/// Operators' commands on quarantined requests (signed, but not decrypted) and on unreadable
/// notifications (decrypted, but the content could not be understood).

#include <cstdint>
#include <memory>
#include <span>
#include <string_view>
#include <vector>

#include "storage/audit.hpp"
#include "storage/connection.hpp"
#include "storage/counter_deltas.hpp"
#include "storage/records.hpp"

namespace couponhook::storage {

struct NotificationToRead;

/// Result of reading a stored notification again, after it was unreadable.
enum class RereadResult : std::uint8_t {
  /// The notification's fact (coupon issued, redeemed or refunded) is in the coupon ledger now.
  kRead,
  kNotFound,  ///< the store has no notification with this id and merchant
  /// The notification was readable before, or it has no fact that the coupon ledger keeps.
  kReadAlready,
};

/// Finishes the work that needs an operator: on quarantined requests, and on notifications whose
/// content could not be read. Each call is one transaction. Only one thread at a time may use an
/// object.
///
/// The parameter `audit` is written to the audit log in the same transaction, and its result is
/// set. Null: no row. No row is written, and the result stays empty, if there is no such body or
/// notification.
class QuarantineControl {
 public:
  template <typename T>
  using Result = Connection::Result<T>;

  /// Makes an object that works through one database connection.
  /// \param connection a connection that may write, to a database with the current schema; several
  /// objects may share it if one thread uses them all.
  explicit QuarantineControl(std::shared_ptr<Connection> connection);

  /// Stores the ledger fact that the present release has read from a stored notification, and a
  /// delivery to each handler that has none for this notification yet. The fact and the deliveries
  /// are stored only once, however often and on whichever replica this function is called. A
  /// notification without the mark "unreadable" (older releases set no mark) gets a missing fact,
  /// but no deliveries.
  /// \param read the notification as it was read again; its id and mchid identify the stored
  /// notification.
  [[nodiscard]] Result<RereadResult> reread(const Admission& read, AuditRecord* audit = nullptr);

  /// Deletes a quarantined body for good.
  /// \return false if the quarantine does not have the body, or no longer has it.
  [[nodiscard]] Result<bool> discard(const SealedKey& key, AuditRecord* audit = nullptr);

  /// Removes the mark "unreadable" from a notification that nobody will read again; changes nothing
  /// else.
  /// \param reason the operator's reason, stored in the flaw text of the notification.
  /// \return false if there is no such notification, or it is not marked as unreadable.
  [[nodiscard]] Result<bool> dismiss(std::string_view id, std::string_view mchid,
                                     std::string_view reason, AuditRecord* audit = nullptr);

 private:
  using Work = Connection::Result<void>;

  [[nodiscard]] Work run();
  [[nodiscard]] Work count_and_run();
  [[nodiscard]] Work reread_one(const Admission& read, RereadResult& result);
  [[nodiscard]] Work add_fact(const Admission& read, bool& is_new, bool& is_repeated);
  [[nodiscard]] Work add_deliveries(const Admission& read, const NotificationToRead& stored);

  const std::shared_ptr<Connection> connection_;
  CounterDeltas counters_;
  std::vector<Command> commands_;
  std::vector<Rows> results_;
};

}  // namespace couponhook::storage
