#pragma once

/// \file
/// How replicas wake each other.

#include <atomic>
#include <chrono>
#include <memory>
#include <string>

#include "storage/backoff.hpp"
#include "storage/postgres_session.hpp"

namespace couponhook::storage {

/// Hears what other replicas announce through LISTEN and NOTIFY, and announces to them. A hint and
/// no more: an announcement may be lost with a connection, and engines without LISTEN give none, so
/// whoever waits looks for work at the deadline as well.
class PostgresListener {
 public:
  using Deadline = PostgresSession::Deadline;

  /// Connects when it first waits.
  /// \param url, store_name as PostgresConnection has them.
  /// \param channel an identifier of SQL.
  PostgresListener(std::string url, std::string store_name, const std::string& channel);
  ~PostgresListener();
  PostgresListener(const PostgresListener&) = delete;
  PostgresListener& operator=(const PostgresListener&) = delete;

  /// Waits on one thread: for another replica's announcement, for interrupt(), or for the deadline.
  /// \return whether there was an announcement.
  [[nodiscard]] bool wait(Deadline deadline);

  /// Has whoever waits tell the other replicas. Thread-safe; does not block.
  void announce() noexcept;
  /// Ends the wait, or the next one. Thread-safe; does not block.
  void interrupt() noexcept;

 private:
  [[nodiscard]] bool listen();
  [[nodiscard]] bool run(const std::string& statement);
  /// Waits without a session.
  void rest(Deadline deadline);
  void wake() noexcept;

  std::string url_;
  std::string store_name_;
  std::string listen_;
  std::string notify_;
  Backoff backoff_;
  int wake_;  ///< an eventfd
  std::atomic<bool> announces_{false};
  std::atomic<bool> interrupted_{false};
  std::unique_ptr<PostgresSession> session_;
};

}  // namespace couponhook::storage
