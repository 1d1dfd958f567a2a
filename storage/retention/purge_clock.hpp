#pragma once

/// \file
/// Checks that the time of day is right before data is purged by it.

#include <cstdint>
#include <optional>
#include <string>

#include "storage/connection.hpp"
#include "storage/retention/purge.hpp"

namespace couponhook::storage {

/// Time of a clock that never jumps while the machine runs, even if somebody sets the time of day.
struct SteadyTime {
  std::string boot;  ///< changes with each start of the machine
  std::int64_t ms = 0;
};

/// Reads the steady time from /proc, so that it is the same for all processes.
/// \return nothing if the system does not provide it.
[[nodiscard]] std::optional<SteadyTime> steady_time();

/// \return the reason why nothing may be purged at `now_ms`, because the clock seems to be wrong by
/// more than a day; nothing if the clock seems right.
///
/// A notification is stored only if the timestamp of its signature agrees with the clock. So a
/// notification that arrived within one day of `now_ms`, before or after, shows that the clock is
/// right. If there is none, the clock has jumped, or no notification came for long. A mark, which
/// an earlier purge or start left while the clock was right, tells the two apart: since the mark,
/// the clock must have advanced as much as the steady clock. Without a mark, for example after a
/// restart of the machine, nothing is purged until a notification arrives. A store that has
/// received nothing needs no check.
///
/// If the clock is right, writes a new mark, unless `mode` only counts.
[[nodiscard]] Connection::Result<std::optional<std::string>> doubt_about_clock(
    Connection& connection, std::int64_t now_ms, const std::optional<SteadyTime>& steady,
    PurgeMode mode);

/// Writes a mark without a check: an operator has confirmed that the clock is right.
[[nodiscard]] Connection::Result<void> trust_clock(Connection& connection, std::int64_t now_ms,
                                                   const std::optional<SteadyTime>& steady);

}  // namespace couponhook::storage
