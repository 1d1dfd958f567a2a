#pragma once

/// \file
/// Whether the time of day can be believed before anything is purged by it.

#include <cstdint>
#include <optional>
#include <string>

#include "storage/connection.hpp"
#include "storage/retention/purge.hpp"

namespace couponhook::storage {

/// A clock that only goes on, whoever sets the time of day, for as long as the machine runs.
struct SteadyTime {
  std::string boot;  ///< another each time that the machine starts
  std::int64_t ms = 0;
};

/// From /proc, so that it holds across processes. \return nothing where the system does not tell.
[[nodiscard]] std::optional<SteadyTime> steady_time();

/// Says why nothing may be purged at `now_ms`, by a clock that is more than a day off; nothing
/// where it may be.
///
/// A notification is only kept where the time of its signature agrees with the clock, so one that
/// came within a day of now, either way, shows that the clock is right. Where none did, the clock
/// has jumped, or nothing came for long. What tells these apart is a mark that an earlier purge or
/// start left while the clock was right: since then the clock must have gone as far as the steady
/// one. Without such a mark, as after a restart of the machine, nothing is purged until a
/// notification comes. A store that has received nothing has nothing to lose.
///
/// Where the clock is right, leaves a mark unless `mode` only counts.
[[nodiscard]] Connection::Result<std::optional<std::string>> doubt_about_clock(
    Connection& connection, std::int64_t now_ms, const std::optional<SteadyTime>& steady,
    PurgeMode mode);

/// Leaves a mark whatever the rows say: somebody has looked at the clock and says that it is right.
[[nodiscard]] Connection::Result<void> trust_clock(Connection& connection, std::int64_t now_ms,
                                                   const std::optional<SteadyTime>& steady);

}  // namespace couponhook::storage
