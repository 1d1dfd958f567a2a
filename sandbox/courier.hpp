#pragma once

/// \file
/// Carries notifications to their receivers over several connections.

#include <atomic>
#include <memory>
#include <thread>
#include <vector>

#include "server/net/http_client.hpp"
#include "sandbox/shared_platform.hpp"

namespace couponhook::server::sandbox {

/// A thread of its own, from construction to destruction. Destroying it waits for the replies that
/// are due, 5 s at most as WeChat Pay does.
class Courier {
 public:
  /// \param platform outlives this.
  Courier(SharedPlatform& platform, std::size_t connections, TlsContext tls);
  ~Courier();
  Courier(const Courier&) = delete;
  Courier& operator=(const Courier&) = delete;

  /// Has it look for what is due. Thread-safe.
  void wake();

 private:
  struct Path;

  Task<void> carry(Path& path);
  Task<unsigned> deliver(Path& path, const Errand& errand);

  SharedPlatform& platform_;
  TlsContext tls_;
  ClientLoop loop_;
  std::vector<std::unique_ptr<Path>> paths_;  // their sockets and timers end before the loop
  std::atomic<bool> stopping_{false};
  std::thread thread_;
};

}  // namespace couponhook::server::sandbox
