#include "storage/sqlite/sqlite_files.hpp"

#include <cerrno>
#include <climits>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <system_error>
#include <utility>

#include <sys/stat.h>
#include <unistd.h>

namespace couponhook::storage {
namespace {

namespace fs = std::filesystem;

/// Shortest time between two searches for the new name of a file that was moved. A search is slow,
/// because the process may have thousands of descriptors.
constexpr std::chrono::seconds kSearchInterval{1};

constexpr std::string_view kDescriptors = "/proc/self/fd";
/// Text that the Linux kernel appends to the name of a deleted file in /proc.
constexpr std::string_view kDeleted = " (deleted)";

template <typename Stat>
std::optional<FileIdentity> identity_by(Stat&& stat, const char* path) {
  struct stat about {};
  if (stat(path, &about) != 0) return std::nullopt;
  return FileIdentity{about.st_dev, about.st_ino};
}

std::optional<FileIdentity> identity_of(const char* path) {
  return identity_by(::stat, path);
}

/// A file that this process has open, as found in /proc/self/fd.
struct OpenFile {
  std::string descriptor;
  std::string name;  ///< present name of the file, which differs from the old name after a move
};

/// Searches the open file descriptors of this process for a file.
/// \param file receives the descriptor and name if this process has the file open; otherwise stays
/// empty.
/// \return false if the system does not list the open descriptors.
bool find_open_file(const FileIdentity& identity, std::optional<OpenFile>& file) {
  std::error_code ec;
  fs::directory_iterator descriptors(kDescriptors, ec);
  if (ec) return false;
  for (; !ec && descriptors != fs::directory_iterator(); descriptors.increment(ec)) {
    const fs::path& descriptor = descriptors->path();
    if (identity_of(descriptor.c_str()) != identity) continue;
    const fs::path name = fs::read_symlink(descriptor, ec);
    file = OpenFile{descriptor.filename().string(), name.string()};
    return !ec;
  }
  return !ec;
}

/// \return the end of an error message, which says where a moved or deleted file is now, as far as
/// the system shows it.
std::string location_of(const FileIdentity& identity, const std::string& path) {
  std::optional<OpenFile> file;
  if (!find_open_file(identity, file) || !file) return "; it is not known where the file is";
  if (file->name.ends_with(kDeleted)) {
    return "; until this process ends its content can be copied from /proc/" +
           std::to_string(::getpid()) + "/fd/" + file->descriptor;
  }
  if (file->name == path) return "; the file is hidden under what was mounted over its folder";
  return "; the file is now " + file->name;
}

/// Renames a write-ahead log that has taken the place of the store's own log. At the next start
/// SQLite would apply that foreign log to the database, and an older copy of the log would undo
/// newer data.
/// \return the new name; empty if the log could not be renamed.
std::string set_aside(const std::string& log) {
  const auto now = std::chrono::system_clock::now().time_since_epoch();
  std::string name = log + ".set-aside-" + std::to_string(now.count());
  if (::rename(log.c_str(), name.c_str()) != 0) return {};
  return name;
}

}  // namespace

std::optional<FileIdentity> identity_of(const fs::path& path) {
  return identity_of(path.c_str());
}

SqliteFiles::Result<std::shared_ptr<SqliteFiles>> SqliteFiles::learn(
    const fs::path& path, const std::optional<FileIdentity>& database) {
  std::shared_ptr<SqliteFiles> files(new SqliteFiles(path));
  std::error_code ec;
  const fs::path resolved = fs::canonical(path, ec);
  if (ec) {
    return Failure{
        FailureCode::kMoved,
        "store " + path.string() + " went away while it was being opened: " + ec.message()};
  }
  for (File& file : files->files_) {
    file.identity = identity_of(resolved.string().append(file.suffix));
    if (!file.identity) continue;
    std::optional<OpenFile> open;
    const bool is_ours = !find_open_file(*file.identity, open) || open;
    if (is_ours && (!file.suffix.empty() || !database || *database == *file.identity)) continue;
    return Failure{FailureCode::kMoved, "store " + path.string() +
                                            " was replaced while it was being opened: leave its "
                                            "files alone, and start again"};
  }
  return files;
}

/// Fast check, with three system calls, that the database and its log are in their place. If the
/// database's path ends in a symbolic link, this check fails and the slower find_loss() decides.
bool SqliteFiles::are_in_place() const {
  if (identity_by(::lstat, path_.c_str()) != files_[0].identity) return false;
  const auto is_there = [](const File& file, const std::string& name) {
    return !file.identity || identity_of(name.c_str()) == file.identity;
  };
  return is_there(files_[1], log_name_) && is_there(files_[2], index_name_);
}

/// Searches for a file of the database that is not in its place. Uses the names that the next start
/// would use: SQLite follows symbolic links before it adds a suffix such as "-wal".
/// \return the first such file; nothing if all files are in their place.
std::optional<SqliteFiles::Loss> SqliteFiles::find_loss() const {
  std::array<char, PATH_MAX> resolved{};
  if (::realpath(path_.c_str(), resolved.data()) == nullptr) {
    return Loss{&files_[0], path_.string(), errno};
  }
  std::string name(resolved.data());
  const std::size_t length = name.size();
  for (const File& file : files_) {
    if (!file.identity) continue;
    name.replace(length, std::string::npos, file.suffix);
    const auto found = identity_of(name.c_str());
    if (found == file.identity) continue;
    const int error = found ? 0 : errno;
    return Loss{&file, name, error};
  }
  return std::nullopt;
}

SqliteFiles::Result<void> SqliteFiles::check() {
  if (!lost_ && are_in_place()) return {};
  const auto loss = find_loss();
  if (!loss) {
    if (lost_.exchange(false)) {
      const std::lock_guard lock(mutex_);
      what_.clear();
      set_aside_.clear();
      lost_writes_ = 0;
      checkpointed_ = false;
      database_lost_ = false;
    }
    return {};
  }
  lost_ = true;
  database_lost_ = loss->file == &files_[0];
  if (checkpointed_ && loss->file == &files_[1] && loss->error == 0) {
    const std::lock_guard lock(mutex_);
    if (auto name = set_aside(loss->path); !name.empty()) set_aside_ = std::move(name);
  }
  return failure(*loss);
}

SqliteFiles::Result<void> SqliteFiles::check_if_lost() {
  if (!lost_) return {};
  return check();
}

Failure SqliteFiles::failure(const Loss& loss) {
  const std::lock_guard lock(mutex_);
  const auto now = std::chrono::steady_clock::now();
  if (what_.empty() || now - looked_for_at_ >= kSearchInterval) {
    looked_for_at_ = now;
    const bool is_database = loss.file == &files_[0];
    what_ = is_database ? "store " + path_.string()
                        : "file " + loss.path + ", which belongs to store " + path_.string() + ",";
    what_ += loss.error == 0
                 ? " is another file now than the one that is open"
                 : " is not in its place (" + std::string(std::strerror(loss.error)) + ")";
    what_ += location_of(*loss.file->identity, loss.path);
  }
  std::string message =
      what_ + "; writes since then, none of them acknowledged: " + std::to_string(lost_writes_) +
      ". ";
  if (loss.file == &files_[0]) {
    message += "Move it back, or stop the service, put an intact store there and start it again";
  } else {
    message += checkpointed_ ? "The store itself now holds all that was acknowledged: "
                             : "The store itself does not hold all that was acknowledged: ";
    message += checkpointed_ ? "start the service again" : "move the file back";
    if (!set_aside_.empty()) message += "; what was in the file's place is now " + set_aside_;
  }
  return {FailureCode::kMoved, std::move(message)};
}

}  // namespace couponhook::storage
