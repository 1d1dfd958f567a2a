#include "server/service/stray_signals.hpp"

#include <csignal>

#include <pthread.h>

namespace couponhook::server {

void hold_off_stray_signals() {
  sigset_t stray;
  sigemptyset(&stray);
  for (const int number :
       {SIGUSR1, SIGUSR2, SIGALRM, SIGVTALRM, SIGPROF, SIGIO, SIGPWR, SIGSTKFLT}) {
    sigaddset(&stray, number);
  }
  for (int number = SIGRTMIN; number <= SIGRTMAX; ++number) sigaddset(&stray, number);
  pthread_sigmask(SIG_BLOCK, &stray, nullptr);
}

}  // namespace couponhook::server
