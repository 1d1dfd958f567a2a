#include "server/net/io_thread.hpp"

#include <pthread.h>
#include <boost/asio/co_spawn.hpp>

namespace couponhook::server {

IoThread::IoThread(ListenerShare& share, std::string name)
    : share_(share), name_(std::move(name)), server_(io_, deadlines_, sessions_, share) {}

IoThread::~IoThread() {
  stop();
}

void IoThread::start() {
  asio::co_spawn(io_, sweep_forever(deadlines_), [this](std::exception_ptr failure) {
    if (failure) share_.on_bug(failure);
  });
  thread_ = std::thread([this] {
    pthread_setname_np(pthread_self(), name_.c_str());
    while (!io_.stopped()) {
      try {
        io_.run();
      } catch (...) {
        // An exception of one request must not end this thread, which serves all other connections
        // too.
        share_.on_bug(std::current_exception());
      }
    }
  });
}

void IoThread::stop() {
  io_.stop();
  if (thread_.joinable()) thread_.join();
}

}  // namespace couponhook::server
