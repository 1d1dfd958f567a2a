#pragma once

/// \file
/// What operators do to deliveries.

#include <cstdint>
#include <memory>
#include <span>
#include <string_view>
#include <vector>

#include "storage/connection.hpp"
#include "storage/counter_deltas.hpp"
#include "storage/records.hpp"

namespace couponhook::storage {

/// What became of an operator's order.
enum class ControlResult : std::uint8_t {
  kDone,
  kNotFound,
  kRunning,  ///< it is being made at this moment
  kEmptied,  ///< retention has removed what would be delivered
  kEnded,    ///< it is done already, or skipped
  /// The handler that it was to be moved to has a delivery of its notification already; where that
  /// is another one, this one was dropped.
  kAlreadyThere,
};

/// Puts deliveries back, drops them, holds them back, whoever works on them: each replica sees it
/// with its next claim. Each call is one transaction. One thread at a time.
class DeliveryControl {
 public:
  template <typename T>
  using Result = Connection::Result<T>;

  /// \param connection writes, and has a current schema; shared with others of the same thread.
  explicit DeliveryControl(std::shared_ptr<Connection> connection);

  /// Makes each due now, whatever its state, as a new round of attempts; its earlier attempts stay
  /// in its history. One that is being made at this moment is left to it.
  [[nodiscard]] Result<std::vector<ControlResult>> retry(std::span<const std::int64_t> deliveries,
                                                         std::int64_t now_ms);

  /// Gives each that is open or dead to another handler, due now, as a new round of attempts. It
  /// keeps its place: among the other handler's deliveries of its coupon the oldest goes first. One
  /// that is being made at this moment is left to it. No handler gets two deliveries of one
  /// notification. Move those of one coupon in their order, or in one call.
  /// \param to a handler that takes deliveries; whether there is one is the caller's to know.
  [[nodiscard]] Result<std::vector<ControlResult>> move(std::span<const std::int64_t> deliveries,
                                                        std::string_view to, std::int64_t now_ms);

  /// Drops each that is open or dead, so that its coupon goes on; not one that is being made at
  /// this moment, which may just succeed. A result of one whose lease has ended does not count.
  /// \param reason kept in its history.
  [[nodiscard]] Result<std::vector<ControlResult>> skip(std::span<const std::int64_t> deliveries,
                                                        std::string_view reason,
                                                        std::int64_t now_ms);

  /// Holds back the deliveries of a handler, of events that match a pattern, or of both together;
  /// the empty text means any, and not both may be empty. What is being made at this moment is
  /// finished. Again what is paused already changes nothing.
  /// \param by who says so.
  [[nodiscard]] Result<void> pause(std::string_view handler, std::string_view event_pattern,
                                   std::string_view reason, std::string_view by,
                                   std::int64_t now_ms);
  /// Ends what pause() began with the same words. \return false where there is no such pause.
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
