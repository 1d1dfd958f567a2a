#pragma once

/// \file
/// Runs SQLite's checkpoints (copying the write-ahead log, WAL, into the database file) on a thread
/// of their own.

#include <chrono>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <optional>
#include <thread>

#include "storage/sqlite/sqlite_connection.hpp"
#include "storage/sqlite/write_turns.hpp"

namespace couponhook::storage {

/// Decides when the next SQLite checkpoint is due, by the length of the write-ahead log (WAL). Uses
/// no threads and no files.
///
/// A checkpoint may begin only if the WAL holds frames that are not in the database file yet.
/// SQLite before 3.51.3 can lose commits if a checkpoint of a completely copied WAL begins just
/// when a writer restarts the WAL (https://sqlite.org/wal.html, "The WAL-Reset Bug"). The service
/// runs all its checkpoints here. So a WAL that has grown since the last checkpoint holds frames
/// that are not copied yet, and no writer can restart the WAL before the next checkpoint.
class CheckpointPlan {
 public:
  /// Number of new frames (database pages) in the write-ahead log after which the next checkpoint
  /// is due. This number is four times SQLite's default, which halves the amount of copied data: a
  /// checkpoint writes a page once, however often the page is in the log.
  static constexpr int kInterval = 4000;

  /// Call this function after a commit, with the number of frames that the write-ahead log has now.
  void committed(int frames) { frames_ = frames; }
  [[nodiscard]] bool is_due() const {
    return frames_ >= next_at_ && (!copied_all_of_ || frames_ != *copied_all_of_);
  }
  /// Returns true if the checkpoint has copied all frames that the write-ahead log has now.
  /// \param state the state of the log at the beginning of the checkpoint, because SQLite does not
  /// report later frames.
  [[nodiscard]] bool has_all(const LogState& state) const {
    return state.copied == state.frames && frames_ <= state.frames;
  }
  /// Call this function after a checkpoint, to compute when the next checkpoint is due.
  /// \param state state of the write-ahead log after the checkpoint; nothing if the checkpoint
  /// failed.
  void ended(const std::optional<LogState>& state);

 private:
  int frames_ = 0;
  int next_at_ = kInterval;
  /// Number of frames in the write-ahead log at the last checkpoint that copied all frames.
  std::optional<int> copied_all_of_;
};

/// Runs SQLite's checkpoints on a thread of its own. A checkpoint waits for the disk twice. If the
/// committing thread ran the checkpoint, as SQLite does by default, senders would wait for their
/// replies, and other writers for their turn. Because this class has a thread of its own, nobody
/// waits for the first pass of a checkpoint. If writers have added frames to the write-ahead log
/// (WAL) meanwhile, a short second pass runs while writers wait, but only if the disk is fast or
/// the WAL has grown very long.
///
/// Thread-safe.
class SqliteCheckpointer {
 public:
  /// Starts the thread that runs the checkpoints.
  /// \param connection a connection that only this object uses. It must have read from the database
  /// before, and must not wait in the queue `turns`.
  /// \param turns the queue of the connections that write to this database.
  SqliteCheckpointer(std::unique_ptr<SqliteConnection> connection,
                     std::shared_ptr<WriteTurns> turns);
  /// Waits until a running checkpoint has ended.
  ~SqliteCheckpointer();
  SqliteCheckpointer(const SqliteCheckpointer&) = delete;
  SqliteCheckpointer& operator=(const SqliteCheckpointer&) = delete;

  /// Call this function after a commit of a writer of this process, while the writer still has its
  /// turn to write.
  /// \param frames number of frames that the write-ahead log has now.
  void committed(int frames) noexcept;

 private:
  void work();
  [[nodiscard]] std::optional<LogState> checkpoint();

  const std::unique_ptr<SqliteConnection> connection_;
  const std::shared_ptr<WriteTurns> turns_;

  std::mutex mutex_;
  std::condition_variable wake_;
  // Decides when the next checkpoint begins; mutex_ protects plan_ and stopping_.
  CheckpointPlan plan_;
  bool stopping_ = false;

  /// The checkpoint thread is the last member, because it uses all the members above.
  std::thread thread_;
};

}  // namespace couponhook::storage
