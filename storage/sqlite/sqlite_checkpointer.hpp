#pragma once

/// \file
/// Empties SQLite's write-ahead log into its database, on a thread of its own.

#include <chrono>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <optional>
#include <thread>

#include "storage/sqlite/sqlite_connection.hpp"
#include "storage/sqlite/write_turns.hpp"

namespace couponhook::storage {

/// When a checkpoint is due, by the length of the log. Knows no threads and no files.
///
/// A checkpoint may begin only where the log holds what the database does not have yet: SQLite
/// before 3.51.3 can lose commits where a checkpoint of a log that is copied already begins just as
/// a writer starts that log anew (https://sqlite.org/wal.html, "The WAL-Reset Bug"). Since all
/// checkpoints of a process are made here, a log that has grown since the last one is such a log,
/// and no writer can start it anew before the next.
class CheckpointPlan {
 public:
  /// Frames, of a page each. Four times SQLite's own interval, which halves what is copied: a page
  /// is written once, however often the log holds it.
  static constexpr int kInterval = 4000;

  /// A commit has left the log with so many frames.
  void committed(int frames) { frames_ = frames; }
  [[nodiscard]] bool is_due() const {
    return frames_ >= next_at_ && (!copied_all_of_ || frames_ != *copied_all_of_);
  }
  /// Whether a checkpoint has copied all that there is now.
  /// \param state with the frames that there were when it began: SQLite tells no others.
  [[nodiscard]] bool has_all(const LogState& state) const {
    return state.copied == state.frames && frames_ <= state.frames;
  }
  /// A checkpoint has ended.
  /// \param state nothing where it failed.
  void ended(const std::optional<LogState>& state);

 private:
  int frames_ = 0;
  int next_at_ = kInterval;
  std::optional<int> copied_all_of_;  ///< the log's frames at the last checkpoint that copied all
};

/// A checkpoint waits for the disk twice. Made by whoever commits, as SQLite does by itself, it
/// would keep senders waiting for their replies, and other writers for their turn. Here it does
/// neither; only where writers have added to the log meanwhile, the short rest is copied in a turn
/// of its own, and that only where the disk is quick or the log has grown very long.
///
/// Thread-safe.
class SqliteCheckpointer {
 public:
  /// \param connection one of its own, which stands in no line and has read from the file.
  /// \param turns those of the store's writers.
  SqliteCheckpointer(std::unique_ptr<SqliteConnection> connection,
                     std::shared_ptr<WriteTurns> turns);
  /// Waits for a checkpoint that is under way.
  ~SqliteCheckpointer();
  SqliteCheckpointer(const SqliteCheckpointer&) = delete;
  SqliteCheckpointer& operator=(const SqliteCheckpointer&) = delete;

  /// A writer of this process has committed, and still has its turn.
  /// \param frames that the log has now.
  void committed(int frames) noexcept;

 private:
  void work();
  [[nodiscard]] std::optional<LogState> checkpoint();

  const std::unique_ptr<SqliteConnection> connection_;
  const std::shared_ptr<WriteTurns> turns_;

  std::mutex mutex_;
  std::condition_variable wake_;
  CheckpointPlan plan_;  // guarded by mutex_, as is the next
  bool stopping_ = false;

  std::thread thread_;  ///< last, since it uses all of the above
};

}  // namespace couponhook::storage
