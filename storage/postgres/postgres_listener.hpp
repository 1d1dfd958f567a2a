#pragma once

/// \file
/// Wakes replicas by LISTEN and NOTIFY of PostgreSQL.

#include <atomic>
#include <chrono>
#include <memory>
#include <string>

#include "storage/backoff.hpp"
#include "storage/postgres/postgres_session.hpp"
#include "storage/wake_channel.hpp"

namespace couponhook::storage {

/// Receives announcements of other replicas with LISTEN, and sends its own with NOTIFY, in a
/// session of its own: a NOTIFY inside a transaction would make all commits of the server wait for
/// each other. Announcements are lost if the connection is lost. Databases without LISTEN give
/// none.
class PostgresListener final : public WakeChannel {
 public:
  /// Connects at the first wait().
  /// \param url, store_name as in PostgresConnection::Options.
  /// \param channel an SQL identifier.
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
  [[nodiscard]] bool hear(Deadline deadline);
  /// Waits while there is no session.
  void rest(Deadline deadline);
  void wake() noexcept;

  std::string url_;
  std::string store_name_;
  std::string listen_;
  std::string notify_;
  Backoff backoff_;
  int wake_;  ///< an eventfd
  std::atomic<bool> announces_{false};
  Deadline announces_again_at_{};
  std::atomic<bool> interrupted_{false};
  std::unique_ptr<PostgresSession> session_;
};

}  // namespace couponhook::storage
