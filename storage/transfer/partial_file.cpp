#include "storage/transfer/partial_file.hpp"

#include <cerrno>
#include <cstdio>
#include <string>
#include <system_error>
#include <utility>

#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include "storage/sqlite/private_file.hpp"

namespace couponhook::storage {

namespace fs = std::filesystem;

PartialFile::PartialFile(fs::path final_name, fs::path path, int descriptor)
    : final_name_(std::move(final_name)), path_(std::move(path)), descriptor_(descriptor) {}

Connection::Result<std::unique_ptr<PartialFile>> PartialFile::create(const fs::path& final_name) {
  std::string name = final_name.string() + ".partial-XXXXXX";
  // mkostemp() creates the file readable only by its owner (mode 0600), as POSIX requires.
  const int descriptor = ::mkostemp(name.data(), O_CLOEXEC);
  if (descriptor < 0) return file_failure("cannot make file", name, errno);
  return std::unique_ptr<PartialFile>(new PartialFile(final_name, name, descriptor));
}

PartialFile::~PartialFile() {
  std::error_code ec;
  if (!published_) fs::remove(path_, ec);
  // Removes the files that SQLite leaves beside a database that was not closed cleanly.
  for (const char* suffix : {"-journal", "-wal", "-shm"}) fs::remove(path_.string() + suffix, ec);
  ::close(descriptor_);
}

PartialFile::Result PartialFile::flush() const {
  if (::fdatasync(descriptor_) != 0) return file_failure("cannot sync", path_, errno);
  return {};
}

PartialFile::Result PartialFile::publish() {
  return rename_durably(RENAME_NOREPLACE);
}

PartialFile::Result PartialFile::publish_replacing() {
  return rename_durably(0);
}

PartialFile::Result PartialFile::rename_durably(unsigned flags) {
  if (::fsync(descriptor_) != 0) return file_failure("cannot sync", path_, errno);
  int rc = ::renameat2(AT_FDCWD, path_.c_str(), AT_FDCWD, final_name_.c_str(), flags);
  // The error EINVAL: network file systems and some others do not support the flags of renameat2(),
  // so the file is renamed without them.
  if (rc != 0 && errno == EINVAL && ::access(final_name_.c_str(), F_OK) != 0) {
    rc = ::rename(path_.c_str(), final_name_.c_str());
  }
  if (rc != 0) return file_failure("cannot rename the finished file to", final_name_, errno);
  published_ = true;
  return sync_folder(folder_of(final_name_));
}

}  // namespace couponhook::storage
