#include "crypto/file.hpp"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <fstream>
#include <iterator>
#include <stdexcept>

#include <fcntl.h>
#include <glob.h>
#include <unistd.h>

#include "crypto/pasted_text.hpp"

namespace couponhook::crypto {
namespace {

using SecretResult = boost::system::result<Secret, FileFailure>;

}  // namespace

std::string_view describe(FileError error) {
  switch (error) {
    case FileError::kIsFolder:
      return "is a folder; name a file";
    case FileError::kNoAccess:
      return "Permission denied: user {} may not read it; change its owner or mode";
    case FileError::kUnreadable:
      return "{}; check the path and its permissions";
    case FileError::kTooLarge:
      return "is larger than {} bytes; is it the right file?";
    case FileError::kUtf16:
      return "is UTF-16; save it as UTF-8";
    case FileError::kEmpty:
      return "is empty";
    case FileError::kOddCharacter:
      return "has {} within the key or token, which has none; remove it";
  }
  return "unknown error";
}

FileFailure no_access() {
  return {FileError::kNoAccess, std::to_string(::geteuid())};
}

SecretResult read_file(const std::filesystem::path& file, std::size_t bytes_max) {
  std::error_code ec;
  if (std::filesystem::is_directory(file, ec)) return FileError::kIsFolder;
  std::ifstream in(file, std::ios::binary);
  if (!in) {
    const int why = errno;
    if (why == EACCES) return no_access();
    return FileFailure(FileError::kUnreadable, std::strerror(why));
  }
  std::string content(bytes_max + 1, '\0');
  in.read(content.data(), static_cast<std::streamsize>(content.size()));
  content.resize(static_cast<std::size_t>(in.gcount()));
  if (content.size() > bytes_max) {
    wipe(content);
    return FileFailure(FileError::kTooLarge, std::to_string(bytes_max));
  }
  return SecretResult(boost::system::in_place_value, std::move(content));
}

SecretResult read_secret_line(const std::filesystem::path& file) {
  auto content = read_file(file, 65536);
  if (!content) return content;
  if (looks_like_utf16(content->reveal())) return FileError::kUtf16;
  const std::string_view line = strip_blanks(content->reveal());
  if (line.empty()) return FileError::kEmpty;
  if (const auto unusual = find_unusual_char(line))
    return FileFailure(FileError::kOddCharacter, *unusual);
  return SecretResult(boost::system::in_place_value, std::string(line));
}

SecretResult read_password(const std::filesystem::path& file) {
  auto content = read_file(file, 65536);
  if (!content) return content;
  std::string_view line = content->reveal();
  if (line.starts_with(kByteOrderMark)) {
    line.remove_prefix(kByteOrderMark.size());
  }
  while (!line.empty() && (line.back() == '\n' || line.back() == '\r')) line.remove_suffix(1);
  if (line.empty()) return FileError::kEmpty;
  return SecretResult(boost::system::in_place_value, std::string(line));
}

void write_new_file(const std::filesystem::path& file, std::string_view content, FileMode mode) {
  const auto fail = [&] {
    throw std::runtime_error(file.string() + ": cannot be made: " + std::strerror(errno));
  };
  std::filesystem::create_directories(file.parent_path());
  const int fd = ::open(file.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC,
                        mode == FileMode::kPrivate ? 0600 : 0644);
  if (fd < 0) fail();
  while (!content.empty()) {
    const ssize_t written = ::write(fd, content.data(), content.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) {
      const int saved_errno = errno;
      ::close(fd);
      // Writing the file failed. Remove the half-written file, because the next attempt would fail
      // if the file exists.
      ::unlink(file.c_str());
      errno = saved_errno;
      fail();
    }
    content.remove_prefix(static_cast<std::size_t>(written));
  }
  ::close(fd);
}

std::vector<std::filesystem::path> expand_path(const std::filesystem::path& path) {
  std::vector<std::filesystem::path> files;
  std::error_code ec;
  if (std::filesystem::is_directory(path, ec)) {
    // Pass an error code to increment(). Without it, increment() would throw an exception if
    // another process deletes the folder while this loop reads it.
    for (std::filesystem::directory_iterator entry(path, ec), end; !ec && entry != end;
         entry.increment(ec)) {
      const auto extension = entry->path().extension();
      if (extension == ".pem" || extension == ".crt") files.push_back(entry->path());
    }
  } else if (std::filesystem::exists(path, ec)) {
    files.push_back(path);
  } else {
    glob_t matches{};
    if (::glob(path.c_str(), 0, nullptr, &matches) == 0) {
      for (std::size_t i = 0; i < matches.gl_pathc; ++i) files.emplace_back(matches.gl_pathv[i]);
    }
    ::globfree(&matches);
  }
  std::ranges::sort(files);
  return files;
}

}  // namespace couponhook::crypto
