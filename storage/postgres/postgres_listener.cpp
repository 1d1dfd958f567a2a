#include "storage/postgres/postgres_listener.hpp"

#include <algorithm>
#include <random>
#include <stdexcept>
#include <utility>

#include <poll.h>
#include <sys/eventfd.h>
#include <unistd.h>

namespace couponhook::storage {
namespace {

using Clock = std::chrono::steady_clock;
using std::chrono::milliseconds;

constexpr milliseconds kListenAgainFirst{200};
constexpr milliseconds kListenAgainLongest{5000};
constexpr milliseconds kStatementMax{2000};
/// Shortest time between two announcements of new deliveries to other replicas: without this limit,
/// each commit would send an announcement.
constexpr milliseconds kAnnounceGap{25};

}  // namespace

PostgresListener::PostgresListener(std::string url, std::string store_name,
                                   const std::string& channel)
    : url_(std::move(url)),
      store_name_(std::move(store_name)),
      listen_("LISTEN " + channel),
      notify_("NOTIFY " + channel),
      backoff_(kListenAgainFirst, kListenAgainLongest, std::random_device{}()),
      wake_(::eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC)) {
  if (wake_ < 0) throw std::runtime_error("no file descriptor is left for the listener's wake-ups");
}

PostgresListener::~PostgresListener() {
  ::close(wake_);
}

bool PostgresListener::wait(Deadline deadline) {
  while (!interrupted_.exchange(false)) {
    if (!listen()) {
      rest(deadline);
    } else if (announces_ && Clock::now() >= announces_again_at_) {
      announces_ = false;
      announces_again_at_ = Clock::now() + kAnnounceGap;
      if (!run(notify_)) session_.reset();
    } else if (receive(announces_ ? std::min(deadline, announces_again_at_) : deadline)) {
      return true;
    }
    eventfd_t wakes = 0;
    // This call fails if wait() was not interrupted, which is no error.
    ::eventfd_read(wake_, &wakes);
    if (Clock::now() >= deadline) return false;
  }
  return false;
}

bool PostgresListener::receive(Deadline deadline) {
  const auto received = session_->wait_for_notification(wake_, deadline);
  if (!received) session_.reset();
  return received && *received;
}

/// Makes sure that there is a session with the server that listens to the announcements of other
/// replicas.
/// \return true if there is such a session.
bool PostgresListener::listen() {
  if (session_ != nullptr) return true;
  if (!backoff_.is_due(Clock::now())) return false;
  auto connected = PostgresSession::connect(url_, store_name_);
  if (connected) session_ = std::move(*connected);
  if (!connected || !run(listen_)) {
    session_.reset();
    backoff_.failed(Clock::now());
    return false;
  }
  backoff_.succeeded();
  return true;
}

bool PostgresListener::run(const std::string& statement) {
  return static_cast<bool>(session_->run_script(statement, Clock::now() + kStatementMax));
}

void PostgresListener::rest(Deadline deadline) {
  const auto left = std::chrono::ceil<milliseconds>(deadline - Clock::now());
  const auto timeout = std::clamp(left, milliseconds(0), kListenAgainFirst);
  pollfd wake{.fd = wake_, .events = POLLIN, .revents = 0};
  static_cast<void>(::poll(&wake, 1, static_cast<int>(timeout.count())));
}

void PostgresListener::announce() noexcept {
  if (!announces_.exchange(true)) wake();
}

void PostgresListener::interrupt() noexcept {
  interrupted_ = true;
  wake();
}

void PostgresListener::wake() noexcept {
  ::eventfd_write(wake_, 1);
}

}  // namespace couponhook::storage
