#include "storage/sqlite/sqlite_checkpointer.hpp"

#include <utility>

#include <pthread.h>

namespace couponhook::storage {
namespace {

using Clock = std::chrono::steady_clock;

/// If the first pass of a checkpoint took less time than this, the disk is fast enough for a second
/// pass, which makes writers wait.
constexpr std::chrono::milliseconds kQuick{100};
constexpr std::chrono::seconds kTurnWait{5};
/// Number of frames (1 GB) in the write-ahead log (WAL) at which a checkpoint makes writers wait
/// even on a slow disk, so that the WAL does not grow further.
constexpr int kVeryLong = 250'000;

}  // namespace

void CheckpointPlan::ended(const std::optional<LogState>& state) {
  if (state && has_all(*state)) {
    copied_all_of_ = state->frames;
    next_at_ = kInterval;
    return;
  }
  // A reader or a writer prevented a part of the write-ahead log (WAL) from being copied: try again
  // after the usual number of new frames.
  copied_all_of_.reset();
  next_at_ = (state ? state->frames : frames_) + kInterval;
}

SqliteCheckpointer::SqliteCheckpointer(std::unique_ptr<SqliteConnection> connection,
                                       std::shared_ptr<WriteTurns> turns)
    : connection_(std::move(connection)), turns_(std::move(turns)), thread_([this] { work(); }) {}

SqliteCheckpointer::~SqliteCheckpointer() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  wake_.notify_one();
  thread_.join();
}

void SqliteCheckpointer::committed(int frames) noexcept {
  bool due = false;
  {
    const std::lock_guard lock(mutex_);
    plan_.committed(frames);
    due = plan_.is_due();
  }
  if (due) wake_.notify_one();
}

void SqliteCheckpointer::work() {
  pthread_setname_np(pthread_self(), "checkpoints");
  std::unique_lock lock(mutex_);
  while (true) {
    wake_.wait(lock, [this] { return stopping_ || plan_.is_due(); });
    if (stopping_) return;
    lock.unlock();
    const std::optional<LogState> state = checkpoint();
    lock.lock();
    plan_.ended(state);
  }
}

/// Runs one checkpoint of the SQLite database.
/// \return the state of the write-ahead log (WAL) after the checkpoint; nothing if the checkpoint
/// failed. A failure is not reported here: the WAL grows until a commit fails for the same reason.
std::optional<LogState> SqliteCheckpointer::checkpoint() {
  const auto begun = Clock::now();
  auto state = connection_->checkpoint();
  if (!state) return std::nullopt;
  {
    const std::lock_guard lock(mutex_);
    if (plan_.has_all(*state)) return *state;
  }
  const bool quick = Clock::now() - begun < kQuick;
  if (!quick && state->frames < kVeryLong) return *state;
  if (!turns_->take(WriterRole::kMaintenance, kTurnWait)) return *state;
  state = connection_->checkpoint();
  turns_->give_back();
  return state ? std::optional(*state) : std::nullopt;
}

}  // namespace couponhook::storage
