#pragma once

/// \file
/// Operators' commands on deliveries: retry, move, skip, pause and resume.

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "storage/audit.hpp"
#include "storage/connection.hpp"
#include "storage/counter_deltas.hpp"
#include "storage/records.hpp"

namespace couponhook::storage {

struct DeliveryToChange;

/// Result of an operator's command (retry, move or skip) for one delivery.
enum class ControlResult : std::uint8_t {
  kDone,
  kNotFound,
  kRunning,  ///< a handler is being called for the delivery now, so the delivery was not changed
  kEmptied,  ///< retention (the removal of old data) has removed the content to be delivered
  kEnded,    ///< the delivery has already succeeded, or an operator has dropped it
  /// The target handler of a move already has a delivery of this notification. If that delivery is
  /// not the delivery to be moved, the delivery to be moved was dropped.
  kAlreadyThere,
};
/// Returns the result as the audit log holds it, for example "in_progress".
[[nodiscard]] std::string_view to_string(ControlResult result);

/// Carries out operators' commands: retries, moves, drops and pauses deliveries, whichever replica
/// works on them. Each replica sees the change the next time it takes deliveries. Each call is one
/// transaction. Only one thread at a time may use an object.
///
/// Functions with a parameter `audit` write it to the audit log in the same transaction, and set
/// its result. Null: no row. They write no row if there is no such delivery or pause, and then
/// leave the result empty. The row has the result of the first delivery.
class DeliveryControl {
 public:
  template <typename T>
  using Result = Connection::Result<T>;

  /// Makes an object that changes deliveries through one database connection.
  /// \param connection a connection that may write, to a database with the current schema; several
  /// objects may share it if one thread uses them all.
  explicit DeliveryControl(std::shared_ptr<Connection> connection);

  /// Retries deliveries: makes each delivery due now, whatever its state, and begins a new round of
  /// attempts (the attempts are counted from 1 again). Earlier attempts stay in the history of the
  /// delivery. A delivery whose lease has not ended is not changed, because its handler may be
  /// running.
  /// \param deliveries numbers of the deliveries, in ascending order: rows are locked in this
  /// order, so that two transactions wait for each other and do not deadlock. The same holds for
  /// move() and skip().
  /// \return one result for each delivery, in the given order.
  [[nodiscard]] Result<std::vector<ControlResult>> retry(std::span<const std::int64_t> deliveries,
                                                         std::int64_t now_ms,
                                                         AuditRecord* audit = nullptr);

  /// Moves open or dead deliveries to another handler. Each moved delivery is due now and begins a
  /// new round of attempts. A delivery whose lease has not ended is not moved, because its handler
  /// may be running. A handler never gets two deliveries of one notification. A moved delivery
  /// keeps its age, and among a handler's deliveries of one coupon the oldest goes first. So move
  /// the deliveries of one coupon in their order, or in one call.
  /// \param to name of the new handler; the caller must check that it exists and takes deliveries.
  [[nodiscard]] Result<std::vector<ControlResult>> move(std::span<const std::int64_t> deliveries,
                                                        std::string_view to, std::int64_t now_ms,
                                                        AuditRecord* audit = nullptr);

  /// Drops open or dead deliveries, so that the next delivery of the same handler and coupon can be
  /// made. A delivery whose lease has not ended is not dropped, because its handler may be about to
  /// succeed. If the lease has ended, a result that the handler returns later is ignored.
  /// \param reason the operator's reason, stored in the history of the delivery.
  [[nodiscard]] Result<std::vector<ControlResult>> skip(std::span<const std::int64_t> deliveries,
                                                        std::string_view reason,
                                                        std::int64_t now_ms,
                                                        AuditRecord* audit = nullptr);

  /// Pauses the deliveries to a handler, the deliveries of events that match a pattern, or only the
  /// deliveries to which both apply. An empty text matches everything; at least one of the two must
  /// not be empty. A delivery whose handler is being called now is finished. Has no effect if the
  /// same pause exists.
  /// \param by name of the operator, stored with the pause.
  [[nodiscard]] Result<void> pause(std::string_view handler, std::string_view event_pattern,
                                   std::string_view reason, std::string_view by,
                                   std::int64_t now_ms, AuditRecord* audit = nullptr);
  /// Ends the pause that has the same handler and event pattern, so that the deliveries that it
  /// held back are made again.
  /// \return false if there is no such pause.
  [[nodiscard]] Result<bool> resume(std::string_view handler, std::string_view event_pattern,
                                    std::int64_t now_ms, AuditRecord* audit = nullptr);

 private:
  using Work = Connection::Result<void>;
  using Found = std::vector<std::optional<DeliveryToChange>>;

  [[nodiscard]] Work run();
  [[nodiscard]] Work count_and_run();
  [[nodiscard]] Work retry_all(std::span<const std::int64_t> sorted, std::int64_t now_ms,
                               std::vector<ControlResult>& results);
  [[nodiscard]] Work move_all(std::span<const std::int64_t> sorted, std::string_view to,
                              std::int64_t now_ms, std::vector<ControlResult>& results);
  [[nodiscard]] Work skip_all(std::span<const std::int64_t> sorted, std::string_view reason,
                              std::int64_t now_ms, std::vector<ControlResult>& results);
  [[nodiscard]] Work read_deliveries(std::span<const std::int64_t> sorted, Found& found,
                                     std::vector<ControlResult>& results);
  [[nodiscard]] Work note(AuditRecord* audit, std::span<const ControlResult> results);
  template <typename ChangeAll>
  [[nodiscard]] Result<std::vector<ControlResult>> change(AuditRecord* audit,
                                                          const ChangeAll& change_all);
  void drop(std::int64_t delivery_id, const DeliveryToChange& delivery, std::string_view reason,
            std::int64_t now_ms);
  [[nodiscard]] Result<std::vector<PauseRecord>> active_pauses();

  const std::shared_ptr<Connection> connection_;
  CounterDeltas counters_;
  std::vector<Command> commands_;
  std::vector<Rows> results_;
};

}  // namespace couponhook::storage
