#pragma once

/// \file
/// A handler that is exchanged while it is called.

#include <memory>
#include <mutex>
#include <utility>

#include "handlers/handler.hpp"

namespace couponhook::server {

/// Stands for a handler whose files change while the service runs, or cannot be loaded yet: events
/// wait for it then, as for a target that is down. Thread-safe.
class RenewableHandler final : public handlers::Handler {
 public:
  /// \param handler null: not loaded yet.
  explicit RenewableHandler(std::shared_ptr<handlers::Handler> handler)
      : handler_(std::move(handler)) {}

  [[nodiscard]] handlers::Outcome handle(const handlers::HandledEvent& event) override {
    const auto handler = current();
    if (handler) return handler->handle(event);
    return handlers::Retry{"its files or options could not be loaded; the log tells why", {}};
  }

  /// Calls that are under way keep the handler that they began with alive.
  void renew(std::shared_ptr<handlers::Handler> handler) {
    const std::lock_guard lock(mutex_);
    handler_.swap(handler);
  }
  [[nodiscard]] std::shared_ptr<handlers::Handler> current() const {
    const std::lock_guard lock(mutex_);
    return handler_;
  }

 private:
  mutable std::mutex mutex_;
  std::shared_ptr<handlers::Handler> handler_;  // guarded by mutex_
};

}  // namespace couponhook::server
