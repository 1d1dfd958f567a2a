#pragma once

/// \file
/// Wakes other replicas when there are new deliveries, by means of PostgreSQL's LISTEN and NOTIFY.

#include <atomic>
#include <chrono>
#include <memory>
#include <string>

#include "storage/backoff.hpp"
#include "storage/postgres/postgres_session.hpp"
#include "storage/wake_channel.hpp"

namespace couponhook::storage {

/// Receives, with LISTEN, the announcements of other replicas that there are new deliveries, and
/// sends announcements of its own with NOTIFY. Uses a session of its own, because a NOTIFY inside a
/// transaction would make all commits of the server wait for each other. Announcements are lost
/// while the connection is lost. A database without LISTEN delivers no announcements.
class PostgresListener final : public WakeChannel {
 public:
  /// Stores the arguments; connects at the first call of wait().
  /// \param url URL of the PostgreSQL server.
  /// \param store_name name of the store in messages, without secrets.
  /// \param channel name of the LISTEN channel, an SQL identifier.
  PostgresListener(std::string url, std::string store_name, const std::string& channel);
  ~PostgresListener() override;
  PostgresListener(const PostgresListener&) = delete;
  PostgresListener& operator=(const PostgresListener&) = delete;

  [[nodiscard]] bool wait(Deadline deadline) override;
  void announce() noexcept override;
  void interrupt() noexcept override;

 private:
  [[nodiscard]] bool listen();
  [[nodiscard]] bool run(const std::string& statement);
  [[nodiscard]] bool receive(Deadline deadline);
  /// Waits until the next try to connect, the deadline or an interrupt; called while there is no
  /// session with the server.
  void rest(Deadline deadline);
  void wake() noexcept;

  std::string url_;
  std::string store_name_;
  std::string listen_;
  std::string notify_;
  Backoff backoff_;
  int wake_;  ///< file descriptor (an eventfd) that wakes the thread in wait()
  std::atomic<bool> announces_{false};
  Deadline announces_again_at_{};
  std::atomic<bool> interrupted_{false};
  std::unique_ptr<PostgresSession> session_;
};

}  // namespace couponhook::storage
