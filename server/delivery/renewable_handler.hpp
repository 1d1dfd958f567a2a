#pragma once

/// \file
/// A handler that can be replaced while the service runs, even while it is being called.

#include <memory>
#include <mutex>
#include <utility>

#include "handlers/handler.hpp"

namespace couponhook::server {

/// Forwards events to a handler that can be replaced if its files change. While no handler is
/// loaded, events are retried, as if the target were down. Thread-safe.
class RenewableHandler final : public handlers::Handler {
 public:
  /// Makes an object that forwards events to a handler.
  /// \param handler the handler; null if it could not be loaded yet.
  explicit RenewableHandler(std::shared_ptr<handlers::Handler> handler)
      : handler_(std::move(handler)) {}

  [[nodiscard]] handlers::Outcome handle(const handlers::HandledEvent& event) override {
    const auto handler = current();
    if (handler) return handler->handle(event);
    return handlers::Retry{"its files or options could not be loaded; see the log for the reason",
                           {}};
  }

  /// Replaces the handler. Running calls keep the old handler alive until they end.
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
  std::shared_ptr<handlers::Handler> handler_;  // the handler to call, guarded by mutex_
};

}  // namespace couponhook::server
