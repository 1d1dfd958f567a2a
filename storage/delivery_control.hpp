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
};

/// Puts deliveries back, drops them, holds them back, whoever works on them: each replica sees it
/// with its next claim. Each call is one transaction. One thread at a time.
class DeliveryControl {
 public:
  template <typename T>
  using Result = Connection::Result<T>;

  /// Takes over a writing connection whose schema is current.
  explicit DeliveryControl(std::unique_ptr<Connection> connection);

  /// Makes each due now, whatever its state, as a new round of attempts; its earlier attempts stay
  /// in its history. One that is being made at this moment is left to it.
  [[nodiscard]] Result<std::vector<ControlResult>> retry(std::span<const std::int64_t> deliveries,
                                                         std::int64_t now_ms);

  /// Drops one that is open or dead, so that its coupon goes on; not one that is being made at this
  /// moment, which may just succeed. A result of one whose lease has ended does not count.
  /// \param reason kept in its history.
  [[nodiscard]] Result<ControlResult> skip(std::int64_t delivery, std::string_view reason,
                                           std::int64_t now_ms);

  /// Holds back the deliveries of a handler, of events that match a pattern, or of both together;
  /// the empty text means any, and not both may be empty. What is being made at this moment is
  /// finished. Again what is paused already changes nothing.
  [[nodiscard]] Result<void> pause(std::string_view handler, std::string_view event_pattern,
                                   std::string_view reason, std::int64_t now_ms);
  /// Ends what pause() began with the same words. \return false where there is no such pause.
  [[nodiscard]] Result<bool> resume(std::string_view handler, std::string_view event_pattern,
                                    std::int64_t now_ms);

 private:
  using Work = Connection::Result<void>;

  [[nodiscard]] Work run();
  [[nodiscard]] Work count_and_run();
  [[nodiscard]] Work retry_all(std::span<const std::int64_t> sorted, std::int64_t now_ms,
                               std::vector<ControlResult>& results);
  [[nodiscard]] Work skip_one(std::int64_t delivery, std::string_view reason, std::int64_t now_ms,
                              ControlResult& result);
  [[nodiscard]] Result<std::vector<PauseRecord>> active_pauses();

  std::unique_ptr<Connection> connection_;
  CounterDeltas counters_;
  std::vector<Command> commands_;
  std::vector<Rows> results_;
};

}  // namespace couponhook::storage
