#pragma once

/// \file
/// Sends the notifications of the sandbox (a simulated WeChat Pay) to their receivers over several
/// connections.

#include <atomic>
#include <memory>
#include <thread>
#include <vector>

#include "sandbox/shared_platform.hpp"
#include "server/net/http_client.hpp"

namespace couponhook::server::sandbox {

/// Sends the sandbox's notifications when their send time has come. This class works on a thread of
/// its own, from construction to destruction. The destructor waits for replies that have not come
/// yet, at most 5 s (the time that WeChat Pay waits for a receiver's reply).
class NotificationSender {
 public:
  /// \param platform state of the simulated WeChat Pay; must live longer than this sender.
  NotificationSender(SharedPlatform& platform, std::size_t connections, TlsContext tls);
  ~NotificationSender();
  NotificationSender(const NotificationSender&) = delete;
  NotificationSender& operator=(const NotificationSender&) = delete;

  /// Makes the sender check at once for notifications whose send time has come. Thread-safe.
  void wake();

 private:
  struct Path;

  Task<void> carry(Path& path);
  Task<unsigned> deliver(Path& path, const CopyToSend& to_send);

  SharedPlatform& platform_;
  TlsContext tls_;
  ClientLoop loop_;
  // Connections to receivers. They are declared after loop_, so that their sockets and timers are
  // destroyed before the event loop.
  std::vector<std::unique_ptr<Path>> paths_;
  std::atomic<bool> stopping_{false};
  std::thread thread_;
};

}  // namespace couponhook::server::sandbox
