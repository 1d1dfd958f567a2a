#pragma once

/// \file
/// Starts a temporary PostgreSQL server for tests.

#include <memory>
#include <string>
#include <string_view>

namespace couponhook::support {

/// A PostgreSQL server (Debian's package) whose data and Unix socket are in a temporary folder. The
/// server ends when the test process ends, even if the test process is killed. PostgreSQL refuses
/// to run as root, so if the test process runs as root, the server runs under another user account.
class PostgresServer {
 public:
  /// Returns the PostgreSQL server that all tests of a test program share; the first call starts
  /// the server.
  /// \throws std::runtime_error if PostgreSQL is not installed or does not start.
  static PostgresServer& shared();

  /// Starts a separate PostgreSQL server. `settings` are additional lines of its file
  /// postgresql.conf.
  explicit PostgresServer(std::string_view settings = "");
  ~PostgresServer();
  PostgresServer(const PostgresServer&) = delete;
  PostgresServer& operator=(const PostgresServer&) = delete;

  /// Creates an empty database on this server.
  /// \return the URL of the new database.
  std::string new_database();
  /// Returns the URL of the database with this name on this server.
  [[nodiscard]] std::string url(std::string_view database) const;

  /// Runs SQL with PostgreSQL's own client psql, so that this check does not depend on couponhook's
  /// code.
  /// \return the output of psql, including errors.
  std::string psql(const std::string& url, const std::string& sql) const;

  /// Stops the PostgreSQL server at once, like a crash; committed rows remain.
  void stop_immediately();
  void start();

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace couponhook::support
