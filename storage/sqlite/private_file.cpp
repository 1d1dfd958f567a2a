#include "storage/sqlite/private_file.hpp"

#include <cerrno>
#include <cstring>
#include <string>

#include <fcntl.h>
#include <linux/magic.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

namespace couponhook::storage {
namespace {

namespace fs = std::filesystem;
using Result = Connection::Result<void>;

}  // namespace

Failure file_failure(std::string_view doing, const fs::path& path, int error) {
  const bool full = error == ENOSPC || error == EDQUOT;
  return {full ? FailureCode::kFull : FailureCode::kUnavailable,
          std::string(doing) + " " + path.string() + ": " + std::strerror(error) +
              ": check owner, permissions and free space"};
}

fs::path folder_of(const fs::path& file) {
  return file.has_parent_path() ? file.parent_path() : fs::path(".");
}

Result sync_folder(const fs::path& folder) {
  const int descriptor = ::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (descriptor < 0) return file_failure("cannot open folder", folder, errno);
  const int error = ::fsync(descriptor) == 0 ? 0 : errno;
  ::close(descriptor);
  // The error EINVAL is no failure: some file systems do not support fsync of a folder, and do not
  // need it.
  if (error != 0 && error != EINVAL) return file_failure("cannot sync folder", folder, error);
  return {};
}

Result make_private_folder(const fs::path& folder) {
  std::error_code ec;
  if (folder.empty() || fs::is_directory(folder, ec)) return {};
  if (auto made = make_private_folder(folder.parent_path()); !made) return made;
  if (::mkdir(folder.c_str(), 0700) != 0) {
    if (errno == EEXIST && fs::is_directory(folder, ec)) return {};
    return file_failure("cannot make folder", folder, errno);
  }
  return sync_folder(folder_of(folder));
}

Result make_private_file(const fs::path& file) {
  const int descriptor = ::open(file.c_str(), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
  if (descriptor < 0) {
    if (errno == EEXIST) return {};
    return file_failure("cannot make file", file, errno);
  }
  ::close(descriptor);
  return sync_folder(folder_of(file));
}

Result refuse_network_file_system(const fs::path& folder) {
  struct statfs about {};
  if (::statfs(folder.c_str(), &about) != 0) {
    return file_failure("cannot determine the file system of", folder, errno);
  }
  const std::string_view name = network_file_system(static_cast<unsigned long>(about.f_type));
  if (name.empty()) return {};
  return Failure{
      FailureCode::kUnsafe,
      folder.string() + " is on a network file system (" + std::string(name) +
          "), where a crash can lose or damage acknowledged data: put the store on a local disk"};
}

std::string_view network_file_system(unsigned long type) {
  switch (type & 0xFFFFFFFFUL) {
    case NFS_SUPER_MAGIC:
      return "NFS";
    case SMB_SUPER_MAGIC:
    case CIFS_SUPER_MAGIC:
    case SMB2_SUPER_MAGIC:
      return "SMB";
    case AFS_SUPER_MAGIC:
    case AFS_FS_MAGIC:
      return "AFS";
    case V9FS_MAGIC:
      return "9P";
    default:
      return {};
  }
}

}  // namespace couponhook::storage
