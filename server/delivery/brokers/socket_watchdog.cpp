#include "server/delivery/brokers/socket_watchdog.hpp"

#include <pthread.h>
#include <sys/socket.h>

namespace couponhook::server {

SocketWatchdog::SocketWatchdog(int fd)
    : fd_(fd), thread_([this](const std::stop_token& stop) { run(stop); }) {}

bool SocketWatchdog::has_cut() const {
  const std::lock_guard lock(mutex_);
  return has_cut_;
}

void SocketWatchdog::arm(TimePoint due) {
  {
    const std::lock_guard lock(mutex_);
    due_ = due;
  }
  changed_.notify_one();
}

void SocketWatchdog::disarm() {
  const std::lock_guard lock(mutex_);
  due_.reset();
}

void SocketWatchdog::run(const std::stop_token& stop) {
  pthread_setname_np(pthread_self(), "broker-watch");
  std::unique_lock lock(mutex_);
  while (!stop.stop_requested()) {
    if (!due_) {
      changed_.wait(lock, stop, [this] { return due_.has_value(); });
      continue;
    }
    const TimePoint due = *due_;
    changed_.wait_until(lock, stop, due, [this, due] { return due_ != due; });
    if (due_ != due || std::chrono::steady_clock::now() < due) continue;
    // The socket is shut down while the lock is held, so that the socket is not touched after
    // disarm() has returned.
    ::shutdown(fd_, SHUT_RDWR);
    has_cut_ = true;
    due_.reset();
  }
}

}  // namespace couponhook::server
