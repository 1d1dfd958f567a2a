#pragma once

/// \file
/// A store in an SQLite file.

#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>

#include "storage/sqlite/file_lock.hpp"
#include "storage/sqlite/sqlite_checkpointer.hpp"
#include "storage/sqlite/sqlite_connection.hpp"
#include "storage/store.hpp"
#include "storage/sqlite/write_turns.hpp"

namespace couponhook::storage {

/// See Store. Its connections hold its lock too, so that it lasts until the last of them is gone.
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

  /// An empty file is none yet: SQLite takes it for a new database.
  [[nodiscard]] static bool is_made(const std::filesystem::path& path);
  [[nodiscard]] static Result<void> check_place(const std::filesystem::path& path);

  [[nodiscard]] Result<std::unique_ptr<Connection>> writer(WriterRole role) override;
  [[nodiscard]] Result<std::unique_ptr<Connection>> reader() override;

 private:
  [[nodiscard]] std::size_t writers_max() const override { return 1; }

  SqliteFile(std::filesystem::path path, const StoreOptions& options, bool writes,
             std::shared_ptr<FileLock> lock);
  /// A store that others may be at work on.
  [[nodiscard]] static Result<std::unique_ptr<Store>> beside(const std::filesystem::path& path,
                                                             const StoreOptions& options,
                                                             bool writes);
  [[nodiscard]] Result<void> leave_checkpoints(SqliteConnection& connection);

  using Opened = Result<std::unique_ptr<SqliteConnection>>;

  [[nodiscard]] Opened open_writer(WriterRole role, std::shared_ptr<WriteTurns> turns);
  [[nodiscard]] Opened open_reader();
  /// A connection that `open` makes ready for its use, and that knows which files it has open.
  [[nodiscard]] Opened connect(const std::function<Opened()>& open);
  [[nodiscard]] Result<void> check_place();
  [[nodiscard]] Result<void> watch(SqliteConnection& connection);

  std::filesystem::path path_;
  StoreOptions options_;
  bool writes_;
  std::optional<FileIdentity> database_;  ///< that open() has looked at
  std::mutex mutex_;
  /// Those of all connections that live. SQLite makes a new log when the last of them is gone.
  std::weak_ptr<SqliteFiles> files_;  ///< protected by the mutex
  /// Of all writers, so that none starves.
  std::shared_ptr<WriteTurns> turns_ = std::make_shared<WriteTurns>();
  std::shared_ptr<FileLock> lock_;                    ///< the service's alone
  std::shared_ptr<SqliteCheckpointer> checkpointer_;  ///< of a service, once it writes
};

}  // namespace couponhook::storage
