#pragma once

/// \file
/// A store in an SQLite database file.

#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>

#include "storage/sqlite/file_lock.hpp"
#include "storage/sqlite/sqlite_checkpointer.hpp"
#include "storage/sqlite/sqlite_connection.hpp"
#include "storage/sqlite/write_turns.hpp"
#include "storage/store.hpp"

namespace couponhook::storage {

/// A Store in an SQLite file. Its connections share the lock of the store, so the lock lasts until
/// the last connection is closed.
class SqliteFile final : public Store {
 public:
  [[nodiscard]] static Result<std::unique_ptr<Store>> open(const std::filesystem::path& path,
                                                           const StoreOptions& options,
                                                           std::int64_t now_ms);
  [[nodiscard]] static Result<std::unique_ptr<Store>> inspect(const std::filesystem::path& path,
                                                              const StoreOptions& options);
  [[nodiscard]] static Result<std::int64_t> schema_version(const std::filesystem::path& path,
                                                           const StoreOptions& options);
  [[nodiscard]] static Result<std::unique_ptr<Store>> join(const std::filesystem::path& path,
                                                           const StoreOptions& options);

  /// Returns true if there is a store at this path. An empty file does not count: SQLite takes it
  /// for a new database.
  [[nodiscard]] static bool is_made(const std::filesystem::path& path);
  [[nodiscard]] static Result<void> check_place(const std::filesystem::path& path);

  [[nodiscard]] Result<std::unique_ptr<Connection>> writer(WriterRole role) override;
  [[nodiscard]] Result<std::unique_ptr<Connection>> reader() override;

 private:
  [[nodiscard]] std::size_t writers_max() const override { return 1; }

  SqliteFile(std::filesystem::path path, const StoreOptions& options, bool writes,
             std::shared_ptr<FileLock> lock);
  /// Opens a store for a command, while a service may be using the same store.
  [[nodiscard]] static Result<std::unique_ptr<Store>> beside(const std::filesystem::path& path,
                                                             const StoreOptions& options,
                                                             bool writes);
  [[nodiscard]] Result<void> leave_checkpoints(SqliteConnection& connection);

  using Opened = Result<std::unique_ptr<SqliteConnection>>;

  [[nodiscard]] Opened open_writer(WriterRole role, std::shared_ptr<WriteTurns> turns);
  [[nodiscard]] Opened open_reader();
  /// Opens a connection by calling `open`, and makes the connection check that the open database
  /// files stay in their place.
  [[nodiscard]] Opened connect(const std::function<Opened()>& open);
  [[nodiscard]] Result<void> check_place();
  [[nodiscard]] Result<void> watch(SqliteConnection& connection);

  std::filesystem::path path_;
  StoreOptions options_;
  bool writes_;
  std::optional<FileIdentity> database_;  ///< identity of the database file that open() has checked
  std::mutex mutex_;
  /// The database and log files that the open connections use. The pointer is weak, because SQLite
  /// deletes the log when the last connection closes, and creates a new log later.
  std::weak_ptr<SqliteFiles> files_;  ///< use this pointer only while holding the mutex
  /// Queue in which all connections of this store wait for their turn to write, so that no
  /// connection waits for ever.
  std::shared_ptr<WriteTurns> turns_ = std::make_shared<WriteTurns>();
  /// Lock that prevents a second service from using the store; null if only a command has opened
  /// the store.
  std::shared_ptr<FileLock> lock_;
  /// Thread that runs SQLite's checkpoints; null until a service opens a writing connection.
  std::shared_ptr<SqliteCheckpointer> checkpointer_;
};

}  // namespace couponhook::storage
