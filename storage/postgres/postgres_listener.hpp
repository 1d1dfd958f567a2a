#pragma once

/// \file
/// How replicas wake each other.

#include <atomic>
#include <chrono>
#include <memory>
#include <string>

#include "storage/backoff.hpp"
#include "storage/postgres/postgres_session.hpp"
#include "storage/wake_channel.hpp"

namespace couponhook::storage {

/// Hears what other replicas announce through LISTEN and NOTIFY, and announces to them, in a
/// session of its own: NOTIFY within a transaction makes every commit of the server wait in one
/// line. What is announced is lost with the connection, and engines without LISTEN give nothing.
class PostgresListener final : public WakeChannel {
 public:
  /// Connects when it first waits.
  /// \param url, store_name as PostgresConnection has them.
  /// \param channel an identifier of SQL.
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
  Deadline announces_again_at_{};
  std::atomic<bool> interrupted_{false};
  std::unique_ptr<PostgresSession> session_;
};

}  // namespace couponhook::storage
