#include "server/service/shutdown_watchdog.hpp"

#include <condition_variable>
#include <cstdlib>
#include <mutex>
#include <stop_token>

#include <pthread.h>

namespace couponhook::server {

void ShutdownWatchdog::begin(std::chrono::milliseconds timeout) {
  thread_ = std::jthread([this, timeout](const std::stop_token& called_off) {
    pthread_setname_np(pthread_self(), "forced-end");
    std::mutex mutex;
    std::condition_variable_any never;
    std::unique_lock lock(mutex);
    never.wait_for(lock, called_off, timeout, [] { return false; });
    if (!called_off.stop_requested()) end();
  });
}

void ShutdownWatchdog::end() {
  log_.message(Severity::kWarning, "stopped",
               "the store or a delivery did not finish within listener.drain_timeout_ms + "
               "reply_budget_ms; the process ends without waiting longer. Everything acknowledged "
               "is committed, and WeChat Pay sends the rest again");
  log_.flush();
  // _Exit() ends the process without destructors and exit handlers. Both of these would wait for
  // the thread that hangs.
  std::_Exit(EXIT_SUCCESS);
}

}  // namespace couponhook::server
