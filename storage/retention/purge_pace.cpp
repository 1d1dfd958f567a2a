#include "storage/retention/purge_pace.hpp"

namespace couponhook::storage {
namespace {

/// Number of consecutive failed steps after which a purge gives up until its next pass.
constexpr int kFailuresMax = 10;
constexpr std::chrono::milliseconds kFailurePause{200};

/// Time limit for each stage of a purge, such as the removal of notifications.
class StageClock {
 public:
  StageClock(PurgePace::Duration stage_max, const Purge::Now& now)
      : stage_max_(stage_max), now_(now) {}

  [[nodiscard]] PurgeLeft left(const PurgeProgress& progress) {
    const auto now = now_();
    if (progress.doing != doing_) {
      doing_ = progress.doing;
      ends_at_ = now + stage_max_;
    }
    return {.rows = static_cast<std::int64_t>(progress.total - progress.done),
            .time = ends_at_ - now};
  }

 private:
  PurgePace::Duration stage_max_;
  const Purge::Now& now_;
  std::string_view doing_;
  std::chrono::steady_clock::time_point ends_at_{};
};

/// Returns true for database failures that may end by themselves: a deadlock, a serialization
/// failure, a lock that was not free in time, or a server that was not reachable.
bool may_pass(const Failure& failure) {
  return failure.code == FailureCode::kConflict || failure.code == FailureCode::kUnavailable ||
         failure.code == FailureCode::kBusy;
}

}  // namespace

Connection::Result<bool> run_purge(Purge& purge, PurgePace::Duration pass_max,
                                   const Purge::Now& now,
                                   const std::function<bool(PurgePace::Duration)>& rest) {
  StageClock stage(pass_max / 2, now);
  PurgePace pace(purge.holds_up_writers() ? kOneWriterPurge : kManyWritersPurge);
  int failures = 0;
  while (true) {
    const auto step = purge.step(pace.rows());
    if (!step) {
      if (++failures > kFailuresMax || !may_pass(step.error())) return step.error();
      if (!rest(kFailurePause)) return false;
      continue;
    }
    failures = 0;
    if (!step->more) return true;
    // If a step of the purge wrote nothing, its duration does not show how long a transaction
    // takes.
    const bool wrote = step->held.count() > 0;
    const PurgeLeft left = stage.left(purge.progress());
    if (!rest(wrote ? pace.pause_after(step->held, left) : PurgePace::Duration{})) return false;
  }
}

}  // namespace couponhook::storage
