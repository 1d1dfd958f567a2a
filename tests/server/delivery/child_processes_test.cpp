// Checks that the exit status of orphaned child processes is taken, and that the exit status of a
// child is left for the code that waits for it. The tests start children, some of them through the
// list ChildProcesses, and pass the time as a parameter.

#include "server/delivery/child_processes.hpp"

#include <cerrno>
#include <csignal>

#include <sys/wait.h>
#include <unistd.h>

#include <gtest/gtest.h>

namespace couponhook::server {
namespace {

using std::chrono::milliseconds;

const std::chrono::steady_clock::time_point kStart{std::chrono::seconds(1000)};
constexpr int kCode = 7;

int fork_one_that_ends(pid_t& pid) {
  pid = ::fork();
  if (pid == 0) ::_exit(kCode);
  return pid > 0 ? 0 : errno;
}

/// Returns when the child process has ended; leaves the exit status of the child to be read later.
void wait_for_end_of(pid_t pid) {
  siginfo_t ended{};
  ASSERT_EQ(::waitid(P_PID, static_cast<id_t>(pid), &ended, WEXITED | WNOWAIT), 0);
}

bool is_gone(pid_t pid) {
  return ::kill(pid, 0) != 0 && errno == ESRCH;
}

TEST(ChildProcesses, ReapsEveryOrphanThatHasEnded) {
  ChildProcesses children;
  pid_t first = 0;
  pid_t second = 0;
  ASSERT_EQ(fork_one_that_ends(first), 0);
  ASSERT_EQ(fork_one_that_ends(second), 0);
  wait_for_end_of(first);
  wait_for_end_of(second);
  children.reap_orphans(kStart, milliseconds(0));
  EXPECT_TRUE(is_gone(first));
  EXPECT_TRUE(is_gone(second));
}

TEST(ChildProcesses, LeavesTheExitStatusOfWhatWasStartedHereUntilItIsForgotten) {
  ChildProcesses children;
  pid_t pid = 0;
  ASSERT_EQ(children.start(fork_one_that_ends, pid), 0);
  wait_for_end_of(pid);
  children.reap_orphans(kStart, milliseconds(0));
  int status = 0;
  ASSERT_EQ(::waitpid(pid, &status, WNOHANG), pid);
  EXPECT_EQ(WEXITSTATUS(status), kCode);
  children.forget(pid);
}

TEST(ChildProcesses, LeavesAChildToOthersForItsGrace) {
  ChildProcesses children;
  pid_t pid = 0;
  ASSERT_EQ(fork_one_that_ends(pid), 0);
  wait_for_end_of(pid);
  children.reap_orphans(kStart, milliseconds(300));
  children.reap_orphans(kStart + milliseconds(299), milliseconds(300));
  EXPECT_FALSE(is_gone(pid));
  children.reap_orphans(kStart + milliseconds(300), milliseconds(300));
  EXPECT_TRUE(is_gone(pid));
}

TEST(ChildProcesses, ReapsWhatWasAbandonedWithTheNextStart) {
  ChildProcesses children;
  pid_t abandoned = 0;
  ASSERT_EQ(children.start(fork_one_that_ends, abandoned), 0);
  wait_for_end_of(abandoned);
  children.abandon(abandoned);
  pid_t next = 0;
  ASSERT_EQ(children.start(fork_one_that_ends, next), 0);
  EXPECT_TRUE(is_gone(abandoned));
  ASSERT_EQ(::waitpid(next, nullptr, 0), next);
}

TEST(ChildProcesses, StartsWithInheritedSignalsReset) {
  const pid_t pid = ::fork();
  if (pid == 0) {
    std::signal(SIGCHLD, SIG_IGN);
    std::signal(SIGTERM, SIG_IGN);
    std::signal(SIGHUP, SIG_IGN);
    sigset_t all;
    sigfillset(&all);
    ::sigprocmask(SIG_SETMASK, &all, nullptr);
    reset_inherited_signals();
    sigset_t now;
    ::sigprocmask(SIG_SETMASK, nullptr, &now);
    const bool right = std::signal(SIGCHLD, SIG_DFL) == SIG_DFL &&
                       std::signal(SIGTERM, SIG_DFL) == SIG_DFL &&
                       std::signal(SIGHUP, SIG_DFL) == SIG_IGN && sigisemptyset(&now) != 0;
    ::_exit(right ? 0 : 1);
  }
  int status = -1;
  ASSERT_EQ(::waitpid(pid, &status, 0), pid);
  EXPECT_EQ(status, 0);
}

}  // namespace
}  // namespace couponhook::server
