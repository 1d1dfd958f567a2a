#pragma once

/// \file
/// Sends the sandbox's notifications to their receivers over several connections.

#include <atomic>
#include <memory>
#include <thread>
#include <vector>

#include "sandbox/shared_platform.hpp"
#include "server/net/http_client.hpp"

namespace couponhook::server::sandbox {

/// Sends the notifications whose time has come. It works on a thread of its own, from construction
/// to destruction. The destructor waits for outstanding replies, at most 5 s (WeChat Pay's timeout
/// for a receiver's reply).
class NotificationSender {
 public:
  /// \param platform must outlive this sender.
  NotificationSender(SharedPlatform& platform, std::size_t connections, TlsContext tls);
  ~NotificationSender();
  NotificationSender(const NotificationSender&) = delete;
  NotificationSender& operator=(const NotificationSender&) = delete;

  /// Makes the sender check at once for notifications whose time has come. Thread-safe.
  void wake();

 private:
  struct Path;

  Task<void> carry(Path& path);
  Task<unsigned> deliver(Path& path, const Errand& errand);

  SharedPlatform& platform_;
  TlsContext tls_;
  ClientLoop loop_;
  // Connections; declared after loop_, so that their sockets and timers are destroyed before the
  // event loop.
  std::vector<std::unique_ptr<Path>> paths_;
  std::atomic<bool> stopping_{false};
  std::thread thread_;
};

}  // namespace couponhook::server::sandbox
