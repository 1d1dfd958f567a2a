#pragma once

/// \file
/// Store in an SQLite file.

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

/// See Store. The connections share the store's lock, so the lock lasts until the last one is
/// closed.
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

  /// Returns true if the store exists. An empty file does not count: SQLite takes it for a new
  /// database.
  [[nodiscard]] static bool is_made(const std::filesystem::path& path);
  [[nodiscard]] static Result<void> check_place(const std::filesystem::path& path);

  [[nodiscard]] Result<std::unique_ptr<Connection>> writer(WriterRole role) override;
  [[nodiscard]] Result<std::unique_ptr<Connection>> reader() override;

 private:
  [[nodiscard]] std::size_t writers_max() const override { return 1; }

  SqliteFile(std::filesystem::path path, const StoreOptions& options, bool writes,
             std::shared_ptr<FileLock> lock);
  /// Opens a store that a service may be using at the same time.
  [[nodiscard]] static Result<std::unique_ptr<Store>> beside(const std::filesystem::path& path,
                                                             const StoreOptions& options,
                                                             bool writes);
  [[nodiscard]] Result<void> leave_checkpoints(SqliteConnection& connection);

  using Opened = Result<std::unique_ptr<SqliteConnection>>;

  [[nodiscard]] Opened open_writer(WriterRole role, std::shared_ptr<WriteTurns> turns);
  [[nodiscard]] Opened open_reader();
  /// Opens a connection with `open`, and makes it watch the files that it has open.
  [[nodiscard]] Opened connect(const std::function<Opened()>& open);
  [[nodiscard]] Result<void> check_place();
  [[nodiscard]] Result<void> watch(SqliteConnection& connection);

  std::filesystem::path path_;
  StoreOptions options_;
  bool writes_;
  std::optional<FileIdentity> database_;  ///< the file that open() has checked
  std::mutex mutex_;
  /// Files of all open connections. The pointer is weak, because SQLite deletes the log when the
  /// last connection closes, and creates a new one later.
  std::weak_ptr<SqliteFiles> files_;  ///< protected by the mutex
  /// Queue of all writers, so that none starves.
  std::shared_ptr<WriteTurns> turns_ = std::make_shared<WriteTurns>();
  std::shared_ptr<FileLock> lock_;                    ///< null unless the service opened the store
  std::shared_ptr<SqliteCheckpointer> checkpointer_;  ///< null until a service opens a writer
};

}  // namespace couponhook::storage
