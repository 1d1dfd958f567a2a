#pragma once

/// \file
/// A PostgreSQL server that the tests start for themselves.

#include <memory>
#include <string>
#include <string_view>

namespace couponhook::support {

/// Debian's PostgreSQL in a temporary folder, with a Unix socket there. The server ends when this
/// process ends, even if the process is killed. PostgreSQL refuses to run as root, so a root
/// process runs the server as another user.
class PostgresServer {
 public:
  /// Returns the server that all tests of a program share; the first call starts the server.
  /// \throws std::runtime_error if PostgreSQL is not installed or does not start.
  static PostgresServer& shared();

  /// Starts a separate server. `settings` are lines of postgresql.conf.
  explicit PostgresServer(std::string_view settings = "");
  ~PostgresServer();
  PostgresServer(const PostgresServer&) = delete;
  PostgresServer& operator=(const PostgresServer&) = delete;

  /// Creates an empty database.
  /// \return the URL of the database.
  std::string new_database();
  /// Returns the URL of the database with this name on this server.
  [[nodiscard]] std::string url(std::string_view database) const;

  /// Runs SQL with psql, which does not use couponhook's code.
  /// \return the output of psql, including errors.
  std::string psql(const std::string& url, const std::string& sql) const;

  /// Stops the server at once, like a crash; committed rows remain.
  void stop_immediately();
  void start();

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace couponhook::support
