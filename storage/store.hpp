#pragma once

/// \file
/// Opens a store by its URL, and makes connections to it.

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

/// Location of a store: "sqlite:PATH" or "postgresql://USER@HOST:PORT/DATABASE".
struct StoreUrl {
  std::string engine;               ///< sqlite or postgresql
  std::filesystem::path path = {};  ///< sqlite: path of the database file
  std::string address = {};         ///< postgresql: the unchanged URL, with its password

  /// \return the store's name for messages and logs, without user and password.
  [[nodiscard]] std::string name() const;
};

/// \param relative_to folder that a relative path starts from.
/// \return an error that names the forms a URL can have.
[[nodiscard]] Connection::Result<StoreUrl> parse_store_url(
    std::string_view url, const std::filesystem::path& relative_to);

struct StoreOptions {
  /// Longest wait of a statement for another process's lock, and of a writer for its turn.
  std::chrono::milliseconds busy_timeout{1000};
  /// Longest wait of an admission for a lock or for its turn: as long as its sender waits for a
  /// reply. On PostgreSQL, half of it is the longest wait for a row that another transaction has
  /// locked, because our own commit comes after that wait.
  std::chrono::milliseconds admission_wait{4000};
  /// Longest wait of deliveries and maintenance for a lock or for their turn. Nobody waits for
  /// them, and on a slow disk other writers may keep the turn for seconds.
  std::chrono::milliseconds background_wait{5000};
  /// Longest time of one statement of a reader. A long read keeps SQLite's write-ahead log from
  /// being emptied, and takes time from the writers.
  std::chrono::milliseconds read_max{2000};
  /// Longest time that opening spends on a search for damage; check_integrity() checks everything.
  std::chrono::milliseconds quick_check_max{300};

  // PostgreSQL only:
  /// Longest time of one statement of a writer.
  std::chrono::milliseconds statement_max{3000};
  /// Longest wait for a commit.
  std::chrono::milliseconds commit_max{30'000};
  /// True to open the store even if no server can be reached. Connections then connect later, and
  /// make the checks of opening at that time. A server that refuses the connection is still an
  /// error.
  bool may_be_away = false;
};

/// An open store. Holds the lock that keeps a second service away from an SQLite file, and makes
/// connections.
///
/// Opening creates what is missing and brings an older schema up to date. It refuses a store that
/// is newer than this program, damaged, not couponhook's, or held by another process. It also
/// refuses a file system without reliable locks, and a server whose settings allow commits to be
/// lost. Any number of services may open one store on a PostgreSQL server.
class Store {
 public:
  template <typename T>
  using Result = Connection::Result<T>;

  /// Opens the store for the service: creates it, locks an SQLite file, runs migrations.
  /// \param now_ms recorded with each migration.
  [[nodiscard]] static Result<std::unique_ptr<Store>> open(const StoreUrl& url,
                                                           const StoreOptions& options,
                                                           std::int64_t now_ms);
  /// Opens the store only to read: takes no lock, creates and changes nothing.
  [[nodiscard]] static Result<std::unique_ptr<Store>> inspect(const StoreUrl& url,
                                                              const StoreOptions& options);

  /// \return the schema version of the store; 0 if it has no schema yet. Changes nothing, and fails
  /// where open() would fail because of the version.
  [[nodiscard]] static Result<std::int64_t> schema_version(const StoreUrl& url,
                                                           const StoreOptions& options);
  /// Opens the store for a command that writes, with or without a running service: takes no lock,
  /// creates and migrates nothing.
  [[nodiscard]] static Result<std::unique_ptr<Store>> join(const StoreUrl& url,
                                                           const StoreOptions& options);

  /// Returns true if the store exists; fails if a store cannot exist there.
  [[nodiscard]] static Result<bool> is_made(const StoreUrl& url, const StoreOptions& options);

  /// Fails if an SQLite file could not be created or written at the URL's path, as far as a check
  /// without creating anything can tell. Does not check a server.
  [[nodiscard]] static Result<void> check_place(const StoreUrl& url);

  virtual ~Store() = default;
  /// \return a writing connection for one purpose, see WriterRole.
  [[nodiscard]] virtual Result<std::unique_ptr<Connection>> writer(WriterRole role) = 0;
  /// \return a writing connection for a command; its commits wait for the disk.
  [[nodiscard]] Result<std::unique_ptr<Connection>> writer() {
    return writer(WriterRole::kOperators);
  }
  [[nodiscard]] virtual Result<std::unique_ptr<Connection>> reader() = 0;
  /// \return the channel on which the services on this store announce new deliveries to each other;
  /// null if only one service can use the store.
  [[nodiscard]] virtual std::unique_ptr<WakeChannel> wake_channel() const { return nullptr; }

  /// \return writing connections for admissions: `count`, or as many as the engine can use at a
  /// time.
  [[nodiscard]] Result<std::vector<std::unique_ptr<Connection>>> writers(std::size_t count);

 protected:
  /// \return the number of connections that can write at a time.
  [[nodiscard]] virtual std::size_t writers_max() const = 0;
};

}  // namespace couponhook::storage
