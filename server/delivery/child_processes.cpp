#include "server/delivery/child_processes.hpp"

#include <array>
#include <condition_variable>
#include <csignal>

#include <pthread.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

namespace couponhook::server {
namespace {

constexpr std::chrono::milliseconds kReapInterval{100};

bool takes_status_of(pid_t pid) {
  return ::waitpid(pid, nullptr, WNOHANG) == pid;
}

}  // namespace

void reset_inherited_signals() {
  constexpr std::array kKept{SIGHUP, SIGINT, SIGQUIT};
  for (int number = 1; number <= SIGRTMAX; ++number) {
    struct sigaction action {};
    if (::sigaction(number, nullptr, &action) != 0 || action.sa_handler != SIG_IGN) continue;
    bool is_kept = false;
    for (const int kept : kKept) is_kept = is_kept || kept == number;
    if (is_kept) continue;
    action.sa_handler = SIG_DFL;
    ::sigaction(number, &action, nullptr);
  }
  sigset_t none;
  sigemptyset(&none);
  ::pthread_sigmask(SIG_SETMASK, &none, nullptr);
}

int ChildProcesses::start(const std::function<int(pid_t&)>& spawn, pid_t& pid) {
  const std::lock_guard lock(mutex_);
  std::erase_if(abandoned_, takes_status_of);
  const int error = spawn(pid);
  if (error == 0) waited_for_.insert(pid);
  return error;
}

void ChildProcesses::forget(pid_t pid) {
  const std::lock_guard lock(mutex_);
  waited_for_.erase(pid);
}

void ChildProcesses::abandon(pid_t pid) {
  const std::lock_guard lock(mutex_);
  waited_for_.erase(pid);
  abandoned_.insert(pid);
}

void ChildProcesses::reap_orphans(std::chrono::steady_clock::time_point now,
                                  std::chrono::milliseconds grace) {
  // Keep the lock while the exit status of a child is taken: otherwise the kernel could give the
  // same process id to a new child of this program.
  const std::lock_guard lock(mutex_);
  while (true) {
    siginfo_t ended{};
    if (::waitid(P_ALL, 0, &ended, WEXITED | WNOHANG | WNOWAIT) != 0) return;
    const pid_t pid = ended.si_pid;
    // The code that started this child process takes the child's exit status soon. Until then
    // waitid() shows no other ended children.
    if (pid == 0 || waited_for_.contains(pid)) return;
    if (pid != suspect_) {
      suspect_ = pid;
      suspect_since_ = now;
    }
    // Processes that the command of an exec handler left behind are in that command's process
    // group, so no code of this program waits for them.
    const bool may_be_awaited = ::getpgid(pid) == ::getpgrp();
    if (may_be_awaited && now - suspect_since_ < grace) return;
    takes_status_of(pid);
    abandoned_.erase(pid);
    suspect_ = 0;
  }
}

ChildProcesses& ChildProcesses::of_this_process() {
  static ChildProcesses children;
  return children;
}

bool adopts_orphans() {
  int is_subreaper = 0;
  ::prctl(PR_GET_CHILD_SUBREAPER, &is_subreaper, 0, 0, 0);
  return ::getpid() == 1 || is_subreaper != 0;
}

OrphanReaper::OrphanReaper(std::chrono::milliseconds grace) {
  if (!adopts_orphans()) return;
  thread_ = std::jthread([grace](const std::stop_token& stop) {
    pthread_setname_np(pthread_self(), "orphan-reaper");
    std::mutex mutex;
    std::condition_variable_any wake;
    std::unique_lock lock(mutex);
    while (!stop.stop_requested()) {
      ChildProcesses::of_this_process().reap_orphans(std::chrono::steady_clock::now(), grace);
      wake.wait_for(lock, stop, kReapInterval, [] { return false; });
    }
  });
}

}  // namespace couponhook::server
