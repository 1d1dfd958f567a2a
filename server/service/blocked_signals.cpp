#include "server/service/blocked_signals.hpp"

#include <csignal>
#include <initializer_list>

#include <pthread.h>

namespace couponhook::server {

void block_unexpected_signals() {
  sigset_t unexpected;
  sigemptyset(&unexpected);
  for (const int number :
       {SIGUSR1, SIGUSR2, SIGALRM, SIGVTALRM, SIGPROF, SIGIO, SIGPWR, SIGSTKFLT}) {
    sigaddset(&unexpected, number);
  }
  for (int number = SIGRTMIN; number <= SIGRTMAX; ++number) sigaddset(&unexpected, number);
  pthread_sigmask(SIG_BLOCK, &unexpected, nullptr);
}

}  // namespace couponhook::server
