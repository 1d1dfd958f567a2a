#pragma once

/// \file
/// Copies SQLite's write-ahead log (WAL) into the database, on a thread of its own.

#include <chrono>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <optional>
#include <thread>

#include "storage/sqlite/sqlite_connection.hpp"
#include "storage/sqlite/write_turns.hpp"

namespace couponhook::storage {

/// Decides when a checkpoint is due, by the length of the WAL. Uses no threads and no files.
///
/// A checkpoint may begin only if the WAL holds frames that the database does not have yet. SQLite
/// before 3.51.3 can lose commits if a checkpoint of a completely copied WAL begins just when a
/// writer restarts the WAL (https://sqlite.org/wal.html, "The WAL-Reset Bug"). All checkpoints of a
/// process are made here. So a WAL that has grown since the last checkpoint has such frames, and no
/// writer can restart it before the next checkpoint.
class CheckpointPlan {
 public:
  /// Frames between two checkpoints; a frame is one page. This is four times SQLite's default,
  /// which halves the copied data: a page is written once, however often it is in the WAL.
  static constexpr int kInterval = 4000;

  /// Call after a commit, with the number of frames in the WAL.
  void committed(int frames) { frames_ = frames; }
  [[nodiscard]] bool is_due() const {
    return frames_ >= next_at_ && (!copied_all_of_ || frames_ != *copied_all_of_);
  }
  /// Returns true if the checkpoint has copied all frames that exist now.
  /// \param state the frames at the beginning of the checkpoint: SQLite reports no later ones.
  [[nodiscard]] bool has_all(const LogState& state) const {
    return state.copied == state.frames && frames_ <= state.frames;
  }
  /// Call after a checkpoint.
  /// \param state nothing if the checkpoint failed.
  void ended(const std::optional<LogState>& state);

 private:
  int frames_ = 0;
  int next_at_ = kInterval;
  std::optional<int> copied_all_of_;  ///< frames at the last checkpoint that copied all
};

/// Runs checkpoints on a thread of its own. A checkpoint waits for the disk twice. If the
/// committing thread ran it, as SQLite does by default, senders would wait for their replies, and
/// other writers for their turn. Here nobody waits for the first pass. If writers have added frames
/// meanwhile, a short second pass runs in a turn of its own, but only if the disk is fast or the
/// WAL has grown very long.
///
/// Thread-safe.
class SqliteCheckpointer {
 public:
  /// \param connection a connection for this object alone, outside the queue of writers, which has
  /// read from the file before.
  /// \param turns the queue of the store's writers.
  SqliteCheckpointer(std::unique_ptr<SqliteConnection> connection,
                     std::shared_ptr<WriteTurns> turns);
  /// Waits for a running checkpoint.
  ~SqliteCheckpointer();
  SqliteCheckpointer(const SqliteCheckpointer&) = delete;
  SqliteCheckpointer& operator=(const SqliteCheckpointer&) = delete;

  /// Call after a commit of a writer of this process, while the writer still has its turn.
  /// \param frames the number of frames in the WAL now.
  void committed(int frames) noexcept;

 private:
  void work();
  [[nodiscard]] std::optional<LogState> checkpoint();

  const std::unique_ptr<SqliteConnection> connection_;
  const std::shared_ptr<WriteTurns> turns_;

  std::mutex mutex_;
  std::condition_variable wake_;
  CheckpointPlan plan_;  // guarded by mutex_, as is stopping_
  bool stopping_ = false;

  std::thread thread_;  ///< last member: the thread uses all the members above
};

}  // namespace couponhook::storage
