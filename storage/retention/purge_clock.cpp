#include "storage/retention/purge_clock.hpp"

#include <array>
#include <chrono>
#include <cstdlib>
#include <fstream>
#include <vector>

#include "storage/retention/purge_sql.hpp"
#include "storage/source.hpp"
#include "storage/transaction.hpp"

namespace couponhook::storage {
namespace {

using std::chrono::milliseconds;

constexpr std::int64_t kDayMs = milliseconds(std::chrono::days(1)).count();
/// Age in milliseconds at which a clock mark (the wall clock and the steady clock, recorded at the
/// same time) is deleted: after a year its machine has surely been restarted, and the mark is
/// useless.
constexpr std::int64_t kMarkKeptMs = 366 * kDayMs;

/// Evidence in the store that shows whether the machine's wall clock is right.
struct Evidence {
  /// Time of arrival of the signed request that is closest to the present time; empty if there is
  /// none.
  std::optional<std::int64_t> nearest_ms;
  /// Milliseconds by which the wall clock has advanced more than the steady clock since the last
  /// clock mark; empty if there is no mark.
  std::optional<std::int64_t> skew_ms;
};

std::string days(std::int64_t time_ms) {
  return std::to_string(std::abs(time_ms) / kDayMs) + " days";
}

void note_nearest(const std::vector<SeenTimes>& seen, std::int64_t now_ms,
                  std::optional<std::int64_t>& nearest_ms) {
  for (const SeenTimes& times : seen) {
    for (const std::int64_t seen_ms : {times.received_at_ms, times.last_seen_at_ms}) {
      if (!nearest_ms || std::abs(now_ms - seen_ms) < std::abs(now_ms - *nearest_ms)) {
        nearest_ms = seen_ms;
      }
    }
  }
}

Connection::Result<Evidence> read_evidence(Connection& connection, std::int64_t now_ms,
                                           const std::optional<SteadyTime>& steady) {
  const std::string boot = steady ? steady->boot : std::string();
  const std::array ask{Command(sql::kNewestSeen, {kFromNotification}),
                       Command(sql::kNewestSealed, {}),
                       Command(sql::kClockMark, {std::string_view(boot)})};
  std::vector<Rows> results;
  if (auto asked = connection.run(ask, results); !asked) return asked.error();
  Evidence evidence;
  note_nearest(sql::kNewestSeen.read_all(results[0]), now_ms, evidence.nearest_ms);
  note_nearest(sql::kNewestSealed.read_all(results[1]), now_ms, evidence.nearest_ms);
  const auto mark = sql::kClockMark.read_first(results[2]);
  if (steady && mark) {
    evidence.skew_ms = (now_ms - mark->wall_ms) - (steady->ms - mark->steady_ms);
  }
  return evidence;
}

std::optional<std::string> clock_error(const Evidence& evidence, std::int64_t now_ms) {
  const auto& nearest = evidence.nearest_ms;
  const auto& skew = evidence.skew_ms;
  if (nearest && std::abs(now_ms - *nearest) <= kDayMs) return std::nullopt;
  if (skew && std::abs(*skew) <= kDayMs) return std::nullopt;
  if (!nearest && !skew) return std::nullopt;
  std::string why = "nothing is purged: the clock of this machine ";
  if (skew) {
    why += "was set " + std::string(*skew > 0 ? "ahead" : "back") + " by " + days(*skew) +
           " since the last purge";
  } else {
    why += "is " + days(now_ms - *nearest) + (now_ms > *nearest ? " after" : " before") +
           " the last notification, and nothing shows that so much time has passed";
  }
  why +=
      "; correct the clock, or wait for a notification, which confirms it, or run `couponhook "
      "store purge --trust-clock` if the clock is right";
  return why;
}

}  // namespace

std::optional<SteadyTime> steady_time() {
  SteadyTime now;
  std::ifstream boot("/proc/sys/kernel/random/boot_id");
  std::ifstream uptime("/proc/uptime");
  double seconds = 0;
  if (!(boot >> now.boot) || !(uptime >> seconds)) return std::nullopt;
  now.ms = static_cast<std::int64_t>(seconds * 1000);
  return now;
}

Connection::Result<std::optional<std::string>> find_clock_error(
    Connection& connection, std::int64_t now_ms, const std::optional<SteadyTime>& steady,
    PurgeMode mode) {
  const auto evidence = read_evidence(connection, now_ms, steady);
  if (!evidence) return evidence.error();
  auto why = clock_error(*evidence, now_ms);
  if (!why && mode == PurgeMode::kRemove) {
    if (auto marked = trust_clock(connection, now_ms, steady); !marked) return marked.error();
  }
  return why;
}

Connection::Result<void> trust_clock(Connection& connection, std::int64_t now_ms,
                                     const std::optional<SteadyTime>& steady) {
  if (!steady) return {};
  return in_transaction(connection, [&] {
    std::vector<Rows> results;
    const std::array mark{
        Command(sql::kMarkClock, {std::string_view(steady->boot), now_ms, steady->ms}),
        Command(sql::kDeleteClockMarks, {now_ms - kMarkKeptMs})};
    return connection.run(mark, results);
  });
}

}  // namespace couponhook::storage
