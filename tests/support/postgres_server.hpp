#pragma once

/// \file
/// A PostgreSQL server of the tests' own.

#include <memory>
#include <string>
#include <string_view>

namespace couponhook::support {

/// Debian's PostgreSQL in a temporary folder, reached through a socket there. It ends with this
/// process, however that ends. As root it runs under another user, since it refuses to be root.
class PostgresServer {
 public:
  /// The one that all tests of a program share; started by the first that asks.
  /// \throws std::runtime_error where PostgreSQL is not installed or does not start.
  static PostgresServer& shared();

  /// Starts a server of one's own. `settings` are lines of postgresql.conf.
  explicit PostgresServer(std::string_view settings = "");
  ~PostgresServer();
  PostgresServer(const PostgresServer&) = delete;
  PostgresServer& operator=(const PostgresServer&) = delete;

  /// Makes an empty database. \return its URL.
  std::string new_database();
  /// \return the URL of a database of this server.
  [[nodiscard]] std::string url(std::string_view database) const;

  /// Runs SQL with psql, which knows nothing of us. \return what it prints, and its complaints.
  std::string psql(const std::string& url, const std::string& sql) const;

  /// Ends the server at once, as a crash does; what is committed stays.
  void stop_immediately();
  void start();

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace couponhook::support
