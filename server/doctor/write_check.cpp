#include "server/doctor/write_check.hpp"

#include <cerrno>
#include <charconv>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <functional>

#include <fcntl.h>
#include <grp.h>
#include <pwd.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "storage/store.hpp"

namespace couponhook::server {
namespace {

namespace fs = std::filesystem;

/// Size of the test file that is written to each folder: about as large as a certificate file or a
/// small transaction.
constexpr std::size_t kTestFileBytes = 65536;

/// A folder that the service must be able to write to, with the key of the setting that names it.
struct WritableFolder {
  std::string key;
  fs::path folder;
  /// File in the folder that must be writable if the file exists; an empty path means that there is
  /// no such file.
  fs::path file;
};

std::vector<WritableFolder> writable_folders(const Config& config) {
  std::vector<WritableFolder> folders;
  const std::string file = config.file.string();
  const auto url = storage::parse_store_url(config.store.url, config.directory);
  if (url && !url->path.empty()) {
    const fs::path folder = url->path.has_parent_path() ? url->path.parent_path() : ".";
    folders.push_back({file + ": store.url", folder, url->path});
  }
  for (const MerchantConfig& merchant : config.merchants) {
    if (!merchant.fetches_certificates() || merchant.api->certificate_directory.empty()) continue;
    folders.push_back({file + ": merchant " + merchant.mchid + ": api.certificate_directory",
                       merchant.api->certificate_directory,
                       {}});
  }
  return folders;
}

/// Creates a file, writes it, flushes it to the disk, and removes it.
/// \return 0 on success, otherwise the error number (errno). The functions below return an error
/// number in the same way.
int write_whole(const fs::path& file) {
  const int fd = ::open(file.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
  if (fd < 0) return errno;
  const std::string content(kTestFileBytes, 'x');
  const ssize_t written = ::write(fd, content.data(), content.size());
  int error = 0;
  if (written < 0) {
    error = errno;
  } else if (written != static_cast<ssize_t>(content.size())) {
    error = ENOSPC;
  } else if (::fsync(fd) != 0) {
    error = errno;
  }
  ::close(fd);
  ::unlink(file.c_str());
  return error;
}

/// If `folder` does not exist yet, replaces it by its nearest existing parent folder.
int find_existing(fs::path& folder) {
  while (true) {
    struct stat facts {};
    if (::stat(folder.c_str(), &facts) == 0) return S_ISDIR(facts.st_mode) ? 0 : ENOTDIR;
    const fs::path above = folder.has_parent_path() ? folder.parent_path() : fs::path(".");
    if (errno != ENOENT || above == folder) return errno;
    folder = above;
  }
}

int try_folder(const WritableFolder& folder_check) {
  fs::path folder = folder_check.folder;
  if (const int error = find_existing(folder)) return error;
  std::string trial = (folder / ".couponhook-trial-XXXXXX").string();
  if (::mkdtemp(trial.data()) == nullptr) return errno;
  const int error = write_whole(fs::path(trial) / "trial");
  ::rmdir(trial.c_str());
  if (error != 0 || folder_check.file.empty()) return error;
  // Check the file's permissions without opening it. Closing the file would release the locks
  // (POSIX locks) that this process may hold on an SQLite database.
  return ::access(folder_check.file.c_str(), R_OK | W_OK) == 0 || errno == ENOENT ? 0 : errno;
}

/// Runs the check `trial` in a child process that changes to the user `user`. Returns the error
/// number, which is the exit code of the child.
int try_as(const SystemUser& user, const std::function<int()>& trial) {
  const pid_t child = ::fork();
  if (child < 0) return errno;
  if (child == 0) {
    const bool became = ::initgroups(user.name.c_str(), user.gid) == 0 && ::setgid(user.gid) == 0 &&
                        ::setuid(user.uid) == 0;
    ::_exit(became ? trial() : EPERM);
  }
  int status = 0;
  while (::waitpid(child, &status, 0) < 0) {
    if (errno != EINTR) return errno;
  }
  return WIFEXITED(status) ? WEXITSTATUS(status) : ECANCELED;
}

std::optional<SystemUser> find_user(const std::string& name) {
  uid_t uid = 0;
  const auto [end, failure] = std::from_chars(name.data(), name.data() + name.size(), uid);
  const bool is_number = failure == std::errc() && end == name.data() + name.size();
  const passwd* const entry = is_number ? ::getpwuid(uid) : ::getpwnam(name.c_str());
  if (entry != nullptr) return SystemUser{entry->pw_name, entry->pw_uid, entry->pw_gid};
  // Accept a number without a name: the user of a container often has no name.
  if (is_number) return SystemUser{name, uid, uid};
  return std::nullopt;
}

/// Finds the user who owns the file or folder of an SQLite store.
/// \return the user; nothing if the store is not a file, does not exist yet, or belongs to root.
std::optional<SystemUser> owner_of_store(const Config& config) {
  const auto url = storage::parse_store_url(config.store.url, config.directory);
  if (!url || url->path.empty()) return std::nullopt;
  for (const fs::path& path : {url->path, url->path.parent_path()}) {
    struct stat facts {};
    if (::stat(path.c_str(), &facts) != 0) continue;
    if (facts.st_uid == 0) return std::nullopt;
    return find_user(std::to_string(facts.st_uid));
  }
  return std::nullopt;
}

}  // namespace

std::string_view describe(TrialUserError error) {
  switch (error) {
    case TrialUserError::kUnknown:
      return "\"{}\" is not a user of this machine; name the user that runs the service";
    case TrialUserError::kNotRoot:
      return "only root can try as another user; run this as root";
  }
  return "unknown error";
}

boost::system::result<std::optional<SystemUser>, TrialUserFailure> user_to_try_as(
    const std::string& name, const Config& config) {
  if (name.empty()) {
    return ::geteuid() == 0 ? owner_of_store(config) : std::optional<SystemUser>();
  }
  auto user = find_user(name);
  if (!user) return TrialUserFailure(TrialUserError::kUnknown, name);
  if (user->uid == ::geteuid()) return std::optional<SystemUser>();
  if (::geteuid() != 0) return TrialUserFailure(TrialUserError::kNotRoot);
  return user;
}

std::vector<Problem> try_writing(const Config& config, const std::optional<SystemUser>& user) {
  std::vector<Problem> problems;
  for (const WritableFolder& folder_check : writable_folders(config)) {
    const auto trial = [&folder_check] { return try_folder(folder_check); };
    const int error = user ? try_as(*user, trial) : trial();
    if (error == 0) continue;
    const std::string who = user ? "user " + user->name : std::string("this user");
    problems.push_back(
        {folder_check.key + ": " + folder_check.folder.string(),
         "cannot be written to by " + who + ": " + std::strerror(error) +
             "; give the service's user write permission, free space, or name another folder"});
  }
  return problems;
}

}  // namespace couponhook::server
