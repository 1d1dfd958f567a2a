#pragma once

/// \file
/// Operators' commands on deliveries: retry, move, skip, pause and resume.

#include <cstdint>
#include <memory>
#include <span>
#include <string_view>
#include <vector>

#include "storage/connection.hpp"
#include "storage/counter_deltas.hpp"
#include "storage/records.hpp"

namespace couponhook::storage {

/// Result of an operator's command for one delivery.
enum class ControlResult : std::uint8_t {
  kDone,
  kNotFound,
  kRunning,  ///< a handler is being called for the delivery now
  kEmptied,  ///< retention has removed the content that would be delivered
  kEnded,    ///< the delivery is done or skipped already
  /// The target handler has a delivery of this notification already. If that is another delivery,
  /// this one was dropped.
  kAlreadyThere,
};

/// Retries, moves, drops and pauses deliveries, whichever replica works on them: each replica sees
/// the change at its next claim. Each call is one transaction. Only one thread at a time may use an
/// object.
class DeliveryControl {
 public:
  template <typename T>
  using Result = Connection::Result<T>;

  /// \param connection a writing connection whose schema is current; may be shared within one
  /// thread.
  explicit DeliveryControl(std::shared_ptr<Connection> connection);

  /// Makes each delivery due now, whatever its state, and begins a new round of attempts. Earlier
  /// attempts stay in the history. A delivery with a running lease is not changed.
  [[nodiscard]] Result<std::vector<ControlResult>> retry(std::span<const std::int64_t> deliveries,
                                                         std::int64_t now_ms);

  /// Moves each open or dead delivery to another handler. The delivery is due now, and a new round
  /// of attempts begins. A delivery with a running lease is not changed. A handler never gets two
  /// deliveries of one notification. A moved delivery keeps its age: of the handler's deliveries of
  /// one coupon, the oldest goes first. Move the deliveries of one coupon in their order, or in one
  /// call.
  /// \param to a handler that takes deliveries; the caller must know that it exists.
  [[nodiscard]] Result<std::vector<ControlResult>> move(std::span<const std::int64_t> deliveries,
                                                        std::string_view to, std::int64_t now_ms);

  /// Drops each open or dead delivery, so that the next delivery of its coupon can go on. A
  /// delivery with a running lease is not dropped, because it may just be succeeding. If a lease
  /// has ended, a late result of it is ignored.
  /// \param reason stored in the delivery's history.
  [[nodiscard]] Result<std::vector<ControlResult>> skip(std::span<const std::int64_t> deliveries,
                                                        std::string_view reason,
                                                        std::int64_t now_ms);

  /// Pauses deliveries by handler, by event pattern, or by both. An empty text matches everything;
  /// at least one of the two must not be empty. A delivery that is being made now is finished. Has
  /// no effect if the same pause exists.
  /// \param by name of the operator.
  [[nodiscard]] Result<void> pause(std::string_view handler, std::string_view event_pattern,
                                   std::string_view reason, std::string_view by,
                                   std::int64_t now_ms);
  /// Ends the pause with the same handler and pattern. \return false if there is no such pause.
  [[nodiscard]] Result<bool> resume(std::string_view handler, std::string_view event_pattern,
                                    std::int64_t now_ms);

 private:
  using Work = Connection::Result<void>;
  struct Found;

  [[nodiscard]] Work run();
  [[nodiscard]] Work count_and_run();
  [[nodiscard]] Work retry_all(std::span<const std::int64_t> sorted, std::int64_t now_ms,
                               std::vector<ControlResult>& results);
  [[nodiscard]] Work move_all(std::span<const std::int64_t> sorted, std::string_view to,
                              std::int64_t now_ms, std::vector<ControlResult>& results);
  [[nodiscard]] Work skip_all(std::span<const std::int64_t> sorted, std::string_view reason,
                              std::int64_t now_ms, std::vector<ControlResult>& results);
  [[nodiscard]] Work look_at(const Statement& statement, std::span<const std::int64_t> sorted,
                             std::vector<ControlResult>& results);
  void drop(std::int64_t delivery, const Found& found, std::string_view reason,
            std::int64_t now_ms);
  [[nodiscard]] Result<std::vector<PauseRecord>> active_pauses();

  const std::shared_ptr<Connection> connection_;
  CounterDeltas counters_;
  std::vector<Command> commands_;
  std::vector<Rows> results_;
};

}  // namespace couponhook::storage
