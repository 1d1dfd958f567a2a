#include "storage/purge_pace.hpp"

namespace couponhook::storage {
namespace {

/// In a row, before it is given up until the next pass.
constexpr int kFailuresMax = 10;
constexpr std::chrono::milliseconds kFailurePause{200};

/// Deadlock, serialization failure, or a lock that was not to be had in time.
bool may_pass(const Failure& failure) {
  return failure.code == FailureCode::kConflict || failure.code == FailureCode::kUnavailable;
}

}  // namespace

Connection::Result<bool> run_purge(Purge& purge,
                                   const std::function<bool(PurgePace::Duration)>& rest) {
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
    // One that wrote nothing says nothing of how long it takes.
    const bool wrote = step->held.count() > 0;
    if (!rest(wrote ? pace.rest_after(step->held) : PurgePace::Duration{})) return false;
  }
}

}  // namespace couponhook::storage
