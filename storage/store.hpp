#pragma once

/// \file
/// Opens a store (SQLite or PostgreSQL) by its URL, and makes connections to it.

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "storage/connection.hpp"
#include "storage/wake_channel.hpp"
#include "storage/writer_role.hpp"

namespace couponhook::storage {

/// Location of a store as read from the configuration: "sqlite:PATH" or
/// "postgresql://USER@HOST:PORT/DATABASE".
struct StoreUrl {
  std::string engine;               ///< name of the database engine: sqlite or postgresql
  std::filesystem::path path = {};  ///< path of the SQLite database file; unused for PostgreSQL
  /// The unchanged PostgreSQL URL, which may hold a password; unused for SQLite.
  std::string address = {};

  /// \return a name of the store for messages and logs, without user and password.
  [[nodiscard]] std::string name() const;
};

/// Parses the URL of a store.
/// \param relative_to folder at which a relative path begins.
/// \return the location of the store; for a URL in another form, an error that lists the accepted
/// forms.
[[nodiscard]] Connection::Result<StoreUrl> parse_store_url(
    std::string_view url, const std::filesystem::path& relative_to);

struct StoreOptions {
  /// Longest time that an SQL statement waits for a lock of another process, and that a writer
  /// waits for its turn in the queue of SQLite writers.
  std::chrono::milliseconds busy_timeout{1000};
  /// Longest time that the storing of a notification waits for a database lock or for its turn to
  /// write: as long as WeChat Pay waits for a reply. On PostgreSQL, a wait for a row that another
  /// transaction has locked lasts at most half as long, because our own commit takes time after
  /// that wait.
  std::chrono::milliseconds admission_wait{4000};
  /// Longest time that deliveries and maintenance wait for a database lock or for their turn to
  /// write. No sender waits for them, and on a slow disk other writers may keep the turn for
  /// seconds.
  std::chrono::milliseconds background_wait{5000};
  /// Longest time of one SQL statement on a connection that reads. A long read keeps SQLite's
  /// write-ahead log from being emptied, and slows down the writers.
  std::chrono::milliseconds read_max{2000};
  /// Longest time that opening an SQLite store spends on a search for damage; check_integrity()
  /// checks everything.
  std::chrono::milliseconds quick_check_max{300};

  // The options below are for PostgreSQL only.
  /// Longest time of one SQL statement on a connection that writes.
  std::chrono::milliseconds statement_max{3000};
  /// Longest time that a connection waits for its commit.
  std::chrono::milliseconds commit_max{30'000};
  /// True to open the store even if no PostgreSQL server can be reached. The connections then
  /// connect later, and the checks that opening makes are made at that time. A server that refuses
  /// the connection is still an error.
  bool may_be_away = false;
};

/// An open store. Makes connections to its database. For an SQLite file, it also holds the lock
/// that prevents a second service from using the file.
///
/// Opening creates what is missing and brings an older schema up to date. Opening fails if the
/// store is newer than this program, damaged, not couponhook's, or held by another process. It also
/// fails on a file system without reliable locks, and on a server whose settings allow commits to
/// be lost. Any number of services may open one store on a PostgreSQL server.
class Store {
 public:
  template <typename T>
  using Result = Connection::Result<T>;

  /// Opens the store for the service: creates it if it is missing, locks an SQLite file, and runs
  /// migrations.
  /// \param now_ms time that is recorded with each migration, in milliseconds since the Unix epoch.
  [[nodiscard]] static Result<std::unique_ptr<Store>> open(const StoreUrl& url,
                                                           const StoreOptions& options,
                                                           std::int64_t now_ms);
  /// Opens an existing store only for reading: takes no lock, creates and changes nothing.
  [[nodiscard]] static Result<std::unique_ptr<Store>> inspect(const StoreUrl& url,
                                                              const StoreOptions& options);

  /// \return the schema version of the store; 0 if the store has no schema yet. Changes nothing.
  /// Fails if this program cannot use that schema version, as open() would.
  [[nodiscard]] static Result<std::int64_t> schema_version(const StoreUrl& url,
                                                           const StoreOptions& options);
  /// Opens an existing store for a command that writes, whether a service is running or not: takes
  /// no lock, creates and migrates nothing.
  [[nodiscard]] static Result<std::unique_ptr<Store>> join(const StoreUrl& url,
                                                           const StoreOptions& options);

  /// Returns true if the store exists. Fails if there cannot be a store at this URL.
  [[nodiscard]] static Result<bool> is_made(const StoreUrl& url, const StoreOptions& options);

  /// Checks, without creating anything, that an SQLite file could be created or written at the path
  /// of the URL. Does not check a PostgreSQL server.
  [[nodiscard]] static Result<void> check_place(const StoreUrl& url);

  virtual ~Store() = default;
  /// \return a new connection that may write, for the purpose `role`, see WriterRole.
  [[nodiscard]] virtual Result<std::unique_ptr<Connection>> writer(WriterRole role) = 0;
  /// \return a new connection that may write, for an operator's command; its commits wait for the
  /// disk.
  [[nodiscard]] Result<std::unique_ptr<Connection>> writer() {
    return writer(WriterRole::kOperators);
  }
  [[nodiscard]] virtual Result<std::unique_ptr<Connection>> reader() = 0;
  /// \return the channel on which the services that share this store tell each other of new
  /// deliveries; null for SQLite, where only one service uses the store.
  [[nodiscard]] virtual std::unique_ptr<WakeChannel> wake_channel() const { return nullptr; }

  /// \return new connections that may write, for storing notifications: `count` of them, or fewer
  /// if the database engine cannot use that many at a time.
  [[nodiscard]] Result<std::vector<std::unique_ptr<Connection>>> writers(std::size_t count);

 protected:
  /// \return the number of connections that can write to the database at the same time.
  [[nodiscard]] virtual std::size_t writers_max() const = 0;
};

}  // namespace couponhook::storage
