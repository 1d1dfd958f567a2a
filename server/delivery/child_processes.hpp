#pragma once

/// \file
/// Child processes: those that are started here, and orphans that the kernel hands to this process.

#include <chrono>
#include <functional>
#include <mutex>
#include <set>
#include <thread>

#include <sys/types.h>

namespace couponhook::server {

/// Unblocks all signals, and gives those that were ignored when this process was started their
/// default disposition again. A service manager may pass both on, and with SIGCHLD ignored no exit
/// status of a child can be seen. SIGHUP, SIGINT and SIGQUIT stay as they are, since `nohup` and a
/// shell's background jobs mean them so. Call before the first thread is started.
void reset_inherited_signals();

/// The children that somebody here waits for, so that the reaper of orphans leaves them alone.
/// Thread-safe.
class ChildProcesses {
 public:
  /// \param spawn starts a process and stores its id, or returns an error number. Nobody else takes
  ///   the exit status of a process that was started here until forget() is called.
  /// \return the error number of `spawn`, 0 for none.
  int start(const std::function<int(pid_t&)>& spawn, pid_t& pid);
  /// After its exit status has been taken.
  void forget(pid_t pid);
  /// Gives up waiting for a process that was killed and does not end, as one in an uninterruptible
  /// system call; its exit status is taken when it is there.
  void abandon(pid_t pid);

  /// Takes the exit status of every child that has ended and that nobody here has started.
  /// \param grace how long such a child is left to others first: to code that knows nothing of this
  ///   class and waits for its own children, such as a user's handler.
  void reap_orphans(std::chrono::steady_clock::time_point now, std::chrono::milliseconds grace);

  static ChildProcesses& of_this_process();

 private:
  std::mutex mutex_;
  std::set<pid_t> waited_for_;  // guarded by mutex_, as are the next
  std::set<pid_t> abandoned_;
  pid_t suspect_ = 0;  // has ended, and its grace runs
  std::chrono::steady_clock::time_point suspect_since_;
};

/// Whether orphans become children of this process: as process 1 of a container, or as a subreaper.
[[nodiscard]] bool adopts_orphans();

/// Reaps orphans several times a second on a thread of its own, where there can be any. Without it
/// each process that a command of an exec handler leaves behind stays in the process table as a
/// zombie.
class OrphanReaper {
 public:
  explicit OrphanReaper(std::chrono::milliseconds grace);

 private:
  std::jthread thread_;
};

}  // namespace couponhook::server
