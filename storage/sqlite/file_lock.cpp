#include "storage/sqlite/file_lock.hpp"

#include <array>
#include <cerrno>
#include <cstring>
#include <string>
#include <string_view>

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

namespace couponhook::storage {
namespace {

std::string holder(int descriptor) {
  std::array<char, 24> text{};
  const ssize_t read = ::pread(descriptor, text.data(), text.size(), 0);
  if (read <= 0) return "another process";
  const std::string_view content(text.data(), static_cast<std::size_t>(read));
  return "process " + std::string(content.substr(0, content.find('\n')));
}

/// Writes the process id into the lock file. Another process that finds the file locked shows this
/// id in its error message. If the write fails, the service starts nevertheless.
void write_holder(int descriptor) {
  const std::string text = std::to_string(::getpid()) + '\n';
  if (::ftruncate(descriptor, 0) == 0) {
    [[maybe_unused]] const ssize_t written = ::pwrite(descriptor, text.data(), text.size(), 0);
  }
}

}  // namespace

Connection::Result<std::unique_ptr<FileLock>> FileLock::acquire(
    const std::filesystem::path& database) {
  const std::string path = database.string() + ".lock";
  const int descriptor = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
  if (descriptor < 0) {
    return Failure{errno == ENOSPC ? FailureCode::kFull : FailureCode::kUnavailable,
                   "cannot open lock file " + path + ": " + std::strerror(errno) +
                       ": check the folder's owner, permissions and free space"};
  }
  std::unique_ptr<FileLock> lock(new FileLock(descriptor));
  if (::flock(descriptor, LOCK_EX | LOCK_NB) != 0) {
    if (errno == EWOULDBLOCK) {
      return Failure{FailureCode::kUnavailable,
                     "store " + database.string() + " is in use by " + holder(descriptor) +
                         ": one service serves a store; stop that one, or give this one another "
                         "[store] url"};
    }
    return Failure{FailureCode::kUnavailable, "cannot lock " + path + ": " + std::strerror(errno)};
  }
  write_holder(descriptor);
  return lock;
}

FileLock::~FileLock() {
  ::close(descriptor_);
}

}  // namespace couponhook::storage
