#pragma once

/// \file Checks that the wall clock is right before data is purged because of its age.

#include <cstdint>
#include <optional>
#include <string>

#include "storage/connection.hpp"
#include "storage/retention/purge.hpp"

namespace couponhook::storage {

/// A reading of a steady clock, which never jumps while the machine runs, even if somebody sets the
/// wall clock.
struct SteadyTime {
  std::string boot;  ///< id of the machine's last start, which changes with each start
  std::int64_t ms = 0;
};

/// Reads the steady clock from /proc, so that all processes of the machine read the same time.
/// \return the time; nothing if the system does not provide it.
[[nodiscard]] std::optional<SteadyTime> steady_time();

/// Checks whether the wall clock seems to be wrong by more than a day. If so, nothing may be
/// purged.
/// \return the reason for the doubt, for the operator; nothing if the clock seems right.
///
/// A notification is stored only if the timestamp of its signature agrees with the wall clock. So a
/// notification that arrived within one day of `now_ms`, before or after, shows that the clock is
/// right. If there is no such notification, either the clock has jumped or no notification has come
/// for long. A clock mark tells the two cases apart: an earlier purge or start recorded the wall
/// clock and the steady clock when the wall clock was right, and since then both must have advanced
/// equally. Without a mark, for example after a restart of the machine, nothing is purged until a
/// notification arrives. A store that has received nothing needs no check.
///
/// If the clock seems right, the function writes a new mark, unless `mode` only counts.
[[nodiscard]] Connection::Result<std::optional<std::string>> find_clock_error(
    Connection& connection, std::int64_t now_ms, const std::optional<SteadyTime>& steady,
    PurgeMode mode);

/// Records, without a check, that the wall clock is right, because an operator has confirmed it.
[[nodiscard]] Connection::Result<void> trust_clock(Connection& connection, std::int64_t now_ms,
                                                   const std::optional<SteadyTime>& steady);

}  // namespace couponhook::storage
