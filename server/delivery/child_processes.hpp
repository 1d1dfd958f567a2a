#pragma once

/// \file
/// Child processes: those that this program starts, and orphans that the kernel hands over to it.

#include <chrono>
#include <functional>
#include <mutex>
#include <set>
#include <thread>

#include <sys/types.h>

namespace couponhook::server {

/// Unblocks all signals, and resets ignored signals to their default action. A service manager may
/// start this process with signals blocked or ignored; with SIGCHLD ignored, the kernel discards
/// the exit status of every child. SIGHUP, SIGINT and SIGQUIT stay ignored if they were, because
/// `nohup` and a shell's background jobs ignore them on purpose. Call this function before the
/// first thread starts.
void reset_inherited_signals();

/// List of the child processes whose exit status some code of this program waits for. The orphan
/// reaper leaves these children alone. Thread-safe.
class ChildProcesses {
 public:
  /// Starts a child process and adds it to the list. The orphan reaper does not take the child's
  /// exit status until forget() is called.
  /// \param spawn starts a process and stores its id, or returns an error number.
  /// \return the error number of `spawn`; 0 on success.
  int start(const std::function<int(pid_t&)>& spawn, pid_t& pid);
  /// Removes a child process from the list. Call this function after the child's exit status was
  /// taken.
  void forget(pid_t pid);
  /// Stops waiting for a child process that was killed but does not end, for example because it is
  /// inside an uninterruptible system call. Its exit status is taken later, when the child has
  /// ended.
  void abandon(pid_t pid);

  /// Takes the exit status of every ended child process that is not on this object's list of
  /// started child processes (see start()). Otherwise the child would stay in the process table as
  /// a zombie. \param grace time for which other code may take an ended child's status first: a
  /// user's
  ///   handler may start and wait for children without this class.
  void reap_orphans(std::chrono::steady_clock::time_point now, std::chrono::milliseconds grace);

  /// Returns the only instance that production code uses; tests make instances of their own.
  static ChildProcesses& of_this_process();

 private:
  std::mutex mutex_;
  // Ids of the processes on the list; mutex_ guards this member and those below.
  std::set<pid_t> waited_for_;
  std::set<pid_t> abandoned_;
  // Process id of an ended child whose exit status other code may still take during the grace time;
  // 0 if there is none.
  pid_t suspect_ = 0;
  std::chrono::steady_clock::time_point suspect_since_;
};

/// Returns true if orphans (processes whose parent has ended) become children of this process. This
/// is so if this process is process 1 of a container, or a subreaper.
[[nodiscard]] bool adopts_orphans();

/// Thread that takes the exit status of ended orphans ten times a second. It only starts if this
/// process can get orphans. Without this thread, every process that a command of an exec handler
/// leaves behind would stay in the process table as a zombie.
class OrphanReaper {
 public:
  explicit OrphanReaper(std::chrono::milliseconds grace);

 private:
  std::jthread thread_;
};

}  // namespace couponhook::server
