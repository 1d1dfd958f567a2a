#pragma once

/// \file
/// A store by its URL.

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

/// Where a store is: "sqlite:PATH" or "postgresql://USER@HOST:PORT/DATABASE".
struct StoreUrl {
  std::string engine;               ///< sqlite or postgresql
  std::filesystem::path path = {};  ///< sqlite: of the database file
  std::string address = {};         ///< postgresql: the URL as it was given, password and all

  /// What to call the store where others can read it: without user and password.
  [[nodiscard]] std::string name() const;
};

/// \param relative_to the folder that relative paths are relative to.
/// \return an error that names the forms a URL can have.
[[nodiscard]] Connection::Result<StoreUrl> parse_store_url(
    std::string_view url, const std::filesystem::path& relative_to);

struct StoreOptions {
  /// How long a statement waits for another process's lock, and a writer for its turn.
  std::chrono::milliseconds busy_timeout{1000};
  /// The same for admissions: as long as their senders wait for a reply. PostgreSQL: half of it for
  /// a row that another transaction holds, since a commit of our own is still to come.
  std::chrono::milliseconds admission_wait{4000};
  /// The same for writers for whom nobody waits, deliveries and maintenance: on a slow disk others
  /// keep the turn for seconds.
  std::chrono::milliseconds background_wait{5000};
  /// How long one statement of a reader may take: whoever looks at the store must neither keep its
  /// log from being emptied nor take from those who write.
  std::chrono::milliseconds read_max{2000};
  /// How long opening may spend on looking for damage; `check_integrity` looks at everything.
  std::chrono::milliseconds quick_check_max{300};

  // PostgreSQL:
  /// How long one statement of a writer may take, and how long a commit is waited for.
  std::chrono::milliseconds statement_max{3000};
  std::chrono::milliseconds commit_max{30'000};
  /// Opens where no server can be reached: connections reach it when it is there, and only then
  /// look at what opening looks at. A server that refuses us is refused all the same.
  bool may_be_away = false;
};

/// An open store: holds the lock that keeps a second service off it, and makes connections.
///
/// Opening creates what is missing, refuses what is newer than this program, damaged, not ours,
/// held by another process, on a file system without reliable locks or on a server whose settings
/// let commits be forgotten, and brings an older schema up to date. Any number of services may open
/// a store on a server.
class Store {
 public:
  template <typename T>
  using Result = Connection::Result<T>;

  /// For the service: creates, locks a file, migrates.
  /// \param now_ms recorded with each migration.
  [[nodiscard]] static Result<std::unique_ptr<Store>> open(const StoreUrl& url,
                                                           const StoreOptions& options,
                                                           std::int64_t now_ms);
  /// For looking: takes no lock, creates and changes nothing.
  [[nodiscard]] static Result<std::unique_ptr<Store>> inspect(const StoreUrl& url,
                                                              const StoreOptions& options);

  /// The version of its schema, 0 where there is none yet. Changes nothing, and refuses what open()
  /// would refuse for its version.
  [[nodiscard]] static Result<std::int64_t> schema_version(const StoreUrl& url,
                                                           const StoreOptions& options);
  /// For working on it beside a service, or without one: takes no lock, creates and migrates
  /// nothing, and gives writers.
  [[nodiscard]] static Result<std::unique_ptr<Store>> join(const StoreUrl& url,
                                                           const StoreOptions& options);

  /// Whether there is one already; a failure where there can be none.
  [[nodiscard]] static Result<bool> is_made(const StoreUrl& url, const StoreOptions& options);

  /// Refuses an SQLite file that could not be made or written where the URL says, as far as that
  /// can be told without making anything. A server tells when it is asked.
  [[nodiscard]] static Result<void> check_place(const StoreUrl& url);

  virtual ~Store() = default;
  /// A connection that writes, for one use: see WriterRole.
  [[nodiscard]] virtual Result<std::unique_ptr<Connection>> writer(WriterRole role) = 0;
  /// A connection of a command's own, whose commits wait for the disk.
  [[nodiscard]] Result<std::unique_ptr<Connection>> writer() {
    return writer(WriterRole::kOperators);
  }
  [[nodiscard]] virtual Result<std::unique_ptr<Connection>> reader() = 0;
  /// On which services that share this store tell each other of new deliveries; null where a store
  /// has one service only.
  [[nodiscard]] virtual std::unique_ptr<WakeChannel> wake_channel() const { return nullptr; }

  /// Writers of admissions: as many as are asked for, or as the engine can use at a time.
  [[nodiscard]] Result<std::vector<std::unique_ptr<Connection>>> writers(std::size_t count);

 protected:
  /// How many connections can write at a time.
  [[nodiscard]] virtual std::size_t writers_max() const = 0;
};

}  // namespace couponhook::storage
