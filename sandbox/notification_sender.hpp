#pragma once

/// \file
/// Sends notifications to their receivers over several connections.

#include <atomic>
#include <memory>
#include <thread>
#include <vector>

#include "sandbox/shared_platform.hpp"
#include "server/net/http_client.hpp"

namespace couponhook::server::sandbox {

/// Sends due notifications on a thread of its own, from construction to destruction. The destructor
/// waits for outstanding replies, at most 5 s (WeChat Pay's timeout).
class NotificationSender {
 public:
  /// \param platform must outlive the courier.
  NotificationSender(SharedPlatform& platform, std::size_t connections, TlsContext tls);
  ~NotificationSender();
  NotificationSender(const NotificationSender&) = delete;
  NotificationSender& operator=(const NotificationSender&) = delete;

  /// Makes the courier look for due notifications now. Thread-safe.
  void wake();

 private:
  struct Path;

  Task<void> carry(Path& path);
  Task<unsigned> deliver(Path& path, const Errand& errand);

  SharedPlatform& platform_;
  TlsContext tls_;
  ClientLoop loop_;
  std::vector<std::unique_ptr<Path>> paths_;  // after loop_, so that the sockets and timers end
                                              // before the loop
  std::atomic<bool> stopping_{false};
  std::thread thread_;
};

}  // namespace couponhook::server::sandbox
