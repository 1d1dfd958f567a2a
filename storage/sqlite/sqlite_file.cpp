#include "storage/sqlite/sqlite_file.hpp"

#include <array>
#include <cerrno>
#include <chrono>
#include <fstream>
#include <string>
#include <system_error>
#include <thread>
#include <utility>

#include <linux/magic.h>
#include <sqlite3.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "storage/migrations.hpp"
#include "storage/sqlite/private_file.hpp"
#include "storage/sqlite/sqlite_connection.hpp"
#include "storage/sqlite/sqlite_failure.hpp"

namespace couponhook::storage {
namespace {

namespace fs = std::filesystem;
using Result = Connection::Result<void>;

Result refuse_non_file(const fs::path& path) {
  std::error_code ec;
  const fs::file_status status = fs::status(path, ec);
  if (!fs::exists(status) || fs::is_regular_file(status)) return {};
  return Failure{FailureCode::kUnavailable,
                 path.string() + " is not a file: [store] url must name one, sqlite:PATH"};
}

/// Returns true for a folder in /proc or /sys: no file can be created there, whatever the
/// permissions say.
bool is_kernel_file_system(const fs::path& folder) {
  struct statfs about {};
  if (::statfs(folder.c_str(), &about) != 0) return false;
  return about.f_type == PROC_SUPER_MAGIC || about.f_type == SYSFS_MAGIC;
}

/// Fails if the file exists and is not an SQLite database. This check runs before the store is
/// locked, so that no lock file is left beside a foreign file. If a lock file exists, this process
/// may have the store open. Then the file is not read, because closing the file would drop the
/// locks that SQLite holds on it.
Result refuse_other_file_type(const fs::path& path) {
  std::error_code ec;
  if (!SqliteFile::is_made(path) || fs::exists(path.string() + ".lock", ec)) return {};
  static constexpr std::string_view kMagic("SQLite format 3\0", 16);
  std::string begin(kMagic.size(), '\0');
  std::ifstream file(path, std::ios::binary);
  if (!file) return {};  // SQLite will report a better reason than this check could
  file.read(begin.data(), static_cast<std::streamsize>(begin.size()));
  if (begin == kMagic) return {};
  return sqlite_failure(nullptr, SQLITE_NOTADB, path.string());
}

/// Checks a database that was just opened and prepares it for the service. The checks come first,
/// because nothing may be written to a database that is foreign, newer or damaged.
Result adopt(SqliteConnection& connection, const fs::path& path, const StoreOptions& options,
             std::int64_t now_ms) {
  if (auto ours = connection.check_identity(true); !ours) return ours;
  const auto version = known_schema_version(connection, path.string());
  if (!version) return version.error();
  if (auto whole = connection.check_quickly(options.quick_check_max); !whole) return whole;
  if (auto durable = connection.make_durable(); !durable) return durable;
  return migrate(connection, kSqliteDialect, path.string(), now_ms);
}

Result check_for_reading(SqliteConnection& connection, const fs::path& path) {
  if (auto ours = connection.check_identity(false); !ours) return ours;
  const auto version = known_schema_version(connection, path.string());
  if (!version) return version.error();
  if (*version >= current_schema_version()) return {};
  return Failure{FailureCode::kUnavailable,
                 "store " + path.string() + " has schema version " + std::to_string(*version) +
                     ", older than this couponhook's " + std::to_string(current_schema_version()) +
                     ": start the service once, which brings it up to date"};
}

/// Pauses before the program tries again to open a database after a failure: file descriptors may
/// be used up only for a moment.
constexpr std::array kOpenPauses{std::chrono::milliseconds{20}, std::chrono::milliseconds{100},
                                 std::chrono::milliseconds{400}};

/// Calls `open`, and calls it again after a pause if a file could not be opened.
/// \return the result of the last call of `open`.
template <typename Open>
auto open_with_retries(Open&& open) {
  auto opened = open();
  for (const auto pause : kOpenPauses) {
    if (opened || opened.error().code != FailureCode::kNoAccess) break;
    std::this_thread::sleep_for(pause);
    opened = open();
  }
  return opened;
}

std::chrono::milliseconds wait_of(WriterRole role, const StoreOptions& options) {
  switch (role) {
    case WriterRole::kAdmissions:
      return options.admission_wait;
    case WriterRole::kOperators:
      return options.busy_timeout;
    case WriterRole::kDeliveries:
    case WriterRole::kMaintenance:
      break;
  }
  return options.background_wait;
}

bool waits_for_disk(WriterRole role) {
  return role == WriterRole::kAdmissions || role == WriterRole::kOperators;
}

}  // namespace

SqliteFile::SqliteFile(fs::path path, const StoreOptions& options, bool writes,
                       std::shared_ptr<FileLock> lock)
    : path_(std::move(path)), options_(options), writes_(writes), lock_(std::move(lock)) {}

Store::Result<std::unique_ptr<Store>> SqliteFile::open(const fs::path& path,
                                                       const StoreOptions& options,
                                                       std::int64_t now_ms) {
  if (auto file = refuse_non_file(path); !file) return file.error();
  if (auto made = make_private_folder(path.parent_path()); !made) return made.error();
  if (auto local = refuse_network_file_system(path.parent_path()); !local) return local.error();
  if (auto database = refuse_other_file_type(path); !database) return database.error();
  auto lock = FileLock::acquire(path);
  if (!lock) return lock.error();
  if (auto made = make_private_file(path); !made) return made.error();

  std::unique_ptr<SqliteFile> store(new SqliteFile(path, options, true, std::move(*lock)));
  const auto adopted = open_with_retries([&]() -> Result<std::unique_ptr<SqliteConnection>> {
    auto connection = SqliteConnection::open(path, {.busy_timeout = options.busy_timeout});
    if (!connection) return connection.error();
    if (auto ready = adopt(**connection, path, options, now_ms); !ready) return ready.error();
    return connection;
  });
  if (!adopted) return adopted.error();
  store->database_ = identity_of(path);
  return std::unique_ptr<Store>(std::move(store));
}

Store::Result<std::unique_ptr<Store>> SqliteFile::inspect(const fs::path& path,
                                                          const StoreOptions& options) {
  return beside(path, options, false);
}

Store::Result<std::int64_t> SqliteFile::schema_version(const fs::path& path,
                                                       const StoreOptions& options) {
  if (auto file = refuse_non_file(path); !file) return file.error();
  if (!is_made(path)) return 0;
  const auto connection =
      SqliteConnection::open(path, {.read_only = true, .busy_timeout = options.busy_timeout});
  if (!connection) return connection.error();
  if (auto ours = (*connection)->check_identity(false); !ours) return ours.error();
  return known_schema_version(**connection, path.string());
}

Store::Result<std::unique_ptr<Store>> SqliteFile::join(const fs::path& path,
                                                       const StoreOptions& options) {
  return beside(path, options, true);
}

Store::Result<std::unique_ptr<Store>> SqliteFile::beside(const fs::path& path,
                                                         const StoreOptions& options, bool writes) {
  if (auto file = refuse_non_file(path); !file) return file.error();
  if (!is_made(path)) {
    return Failure{FailureCode::kUnavailable,
                   "there is no store at " + path.string() +
                       ": start the service once, which makes it, or check [store] url"};
  }
  std::unique_ptr<SqliteFile> store(new SqliteFile(path, options, writes, nullptr));
  const auto connection =
      SqliteConnection::open(path, {.read_only = true, .busy_timeout = options.busy_timeout});
  if (!connection) return connection.error();
  if (auto known = check_for_reading(**connection, path); !known) return known.error();
  return std::unique_ptr<Store>(std::move(store));
}

bool SqliteFile::is_made(const fs::path& path) {
  std::error_code ec;
  const fs::file_status status = fs::status(path, ec);
  if (fs::is_regular_file(status)) return fs::file_size(path, ec) != 0;
  return fs::exists(status);
}

Store::Result<void> SqliteFile::check_place(const fs::path& path) {
  if (auto file = refuse_non_file(path); !file) return file;
  std::error_code ec;
  if (fs::exists(path, ec) && ::access(path.c_str(), R_OK | W_OK) != 0) {
    return file_failure("cannot write file", path, errno);
  }
  fs::path folder = folder_of(path);
  while (!fs::exists(folder, ec) && folder != folder_of(folder)) folder = folder_of(folder);
  if (!fs::is_directory(folder, ec)) return file_failure("cannot use folder", folder, ENOTDIR);
  if (::access(folder.c_str(), W_OK | X_OK) != 0) {
    return file_failure("cannot write to folder", folder, errno);
  }
  if (is_kernel_file_system(folder)) return file_failure("cannot write to folder", folder, EACCES);
  return refuse_network_file_system(folder);
}

Store::Result<std::unique_ptr<Connection>> SqliteFile::writer(WriterRole role) {
  if (!writes_) {
    return Failure{FailureCode::kUnavailable,
                   "store " + path_.string() + " is open for reading only"};
  }
  auto connection = connect([&] { return open_writer(role, turns_); });
  if (!connection) return connection.error();
  if (auto left = leave_checkpoints(**connection); !left) return left.error();
  return std::unique_ptr<Connection>(std::move(*connection));
}

Store::Result<std::unique_ptr<Connection>> SqliteFile::reader() {
  auto connection = connect([this] { return open_reader(); });
  if (!connection) return connection.error();
  return std::unique_ptr<Connection>(std::move(*connection));
}

/// If the store is open for the service, lets the checkpoint thread run the checkpoints for a
/// connection. For the connections of a command, SQLite itself runs the checkpoints.
Store::Result<void> SqliteFile::leave_checkpoints(SqliteConnection& connection) {
  if (!lock_) return {};
  if (!checkpointer_) {
    // The connection of the checkpoint thread does not wait in the queue of writers: most of its
    // work makes nobody wait, and the checkpointer takes a turn to write by itself when it needs
    // one.
    auto own = connect([this] { return open_writer(WriterRole::kOperators, nullptr); });
    if (!own) return own.error();
    checkpointer_ = std::make_shared<SqliteCheckpointer>(std::move(*own), turns_);
  }
  connection.set_commit_listener(
      [checkpointer = checkpointer_](int frames) { checkpointer->committed(frames); });
  return {};
}

SqliteFile::Opened SqliteFile::open_writer(WriterRole role, std::shared_ptr<WriteTurns> turns) {
  auto connection = SqliteConnection::open(path_, {.busy_timeout = wait_of(role, options_),
                                                   .turns = std::move(turns),
                                                   .role = role,
                                                   .keeps = lock_});
  if (!connection) return connection.error();
  if (auto durable = (*connection)->make_durable(); !durable) return durable.error();
  if (!waits_for_disk(role)) {
    if (auto set = (*connection)->commit_without_waiting(); !set) return set.error();
  }
  return connection;
}

SqliteFile::Opened SqliteFile::open_reader() {
  auto connection = SqliteConnection::open(path_, {.read_only = !writes_,
                                                   .busy_timeout = options_.busy_timeout,
                                                   .statement_max = options_.read_max,
                                                   .keeps = lock_});
  if (!connection) return connection.error();
  if (auto quiet = (*connection)->make_read_only(); !quiet) return quiet.error();
  return connection;
}

SqliteFile::Opened SqliteFile::connect(const std::function<Opened()>& open) {
  // Check the place of the database files before a new connection is opened: opening would create a
  // new write-ahead log beside a database whose log is gone.
  if (auto there = check_place(); !there) return there.error();
  auto connection = open_with_retries(open);
  if (!connection) return connection.error();
  if (auto watched = watch(**connection); !watched) return watched.error();
  return connection;
}

Store::Result<void> SqliteFile::check_place() {
  const std::lock_guard lock(mutex_);
  const auto files = files_.lock();
  return files == nullptr ? Result<void>() : files->check();
}

Store::Result<void> SqliteFile::watch(SqliteConnection& connection) {
  const std::lock_guard lock(mutex_);
  auto files = files_.lock();
  if (files == nullptr) {
    auto learned = SqliteFiles::learn(path_, database_);
    if (!learned) return learned.error();
    files_ = files = std::move(*learned);
  } else if (auto there = files->check(); !there) {
    return there;
  }
  connection.watch(std::move(files));
  return {};
}

}  // namespace couponhook::storage
