#include "server/outbound/certificate_folder.hpp"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <iterator>

#include <fcntl.h>
#include <unistd.h>

#include "crypto/file.hpp"
#include "wechatpay/certificate_files.hpp"

namespace couponhook::server {
namespace {

using FolderResult = boost::system::result<void, std::string>;

/// Size of the test file that checks whether the folder can be written. It is the largest size of a
/// certificate file, so that the check also fails when the disk is full.
constexpr std::size_t kTestCertificateBytes = 16384;

/// Returns those certificate files in the folder that were written by this program. A file that
/// cannot be read is returned with empty content.
std::vector<wechatpay::CertificateFile> our_files(const std::filesystem::path& folder) {
  std::vector<wechatpay::CertificateFile> files;
  std::error_code ec;
  for (std::filesystem::directory_iterator entry(folder, ec), end; !ec && entry != end;
       entry.increment(ec)) {
    std::string name = entry->path().filename();
    if (!wechatpay::is_certificate_file_name(name)) continue;
    const auto content = crypto::read_file(entry->path());
    files.push_back({std::move(name), content ? std::string(content->reveal()) : std::string()});
  }
  return files;
}

FolderResult failed(const std::filesystem::path& file, int error) {
  return FolderResult(boost::system::in_place_error,
                      file.string() + ": cannot be written: " + std::strerror(error) +
                          "; have the service's user write there, or set "
                          "api.certificate_directory to a folder where it may");
}

/// Writes a file and flushes it to the disk. If writing fails after the file was opened, removes
/// the file.
/// \return 0 on success, otherwise the error number (errno).
int write_durably(const std::filesystem::path& file, std::string_view content) {
  const int fd = ::open(file.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
  if (fd < 0) return errno;
  int error = 0;
  while (!content.empty() && error == 0) {
    const ssize_t written = ::write(fd, content.data(), content.size());
    if (written >= 0) {
      content.remove_prefix(static_cast<std::size_t>(written));
    } else if (errno != EINTR) {
      error = errno;
    }
  }
  if (error == 0 && ::fsync(fd) != 0) error = errno;
  if (::close(fd) != 0 && error == 0) error = errno;
  if (error != 0) ::unlink(file.c_str());
  return error;
}

/// Flushes the folder's own entries (the names of its files) to the disk.
/// \return 0 on success, otherwise the error number (errno).
int sync_folder(const std::filesystem::path& folder) {
  const int fd = ::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (fd < 0) return errno;
  const int error = ::fsync(fd) == 0 ? 0 : errno;
  ::close(fd);
  return error;
}

}  // namespace

std::vector<wechatpay::PlatformCertificate> read_certificate_folder(
    const std::filesystem::path& folder) {
  std::vector<wechatpay::PlatformCertificate> kept;
  for (const wechatpay::CertificateFile& file : our_files(folder)) {
    std::ranges::move(wechatpay::read_certificates(file.content), std::back_inserter(kept));
  }
  return kept;
}

FolderResult try_certificate_folder(const std::filesystem::path& folder) {
  std::error_code ec;
  std::filesystem::create_directories(folder, ec);
  if (ec) return failed(folder, ec.value());
  // The name of the test file is unique to this process. read_certificate_folder() ignores a file
  // with such a name.
  const auto trial = folder / (".couponhook-trial-" + std::to_string(::getpid()));
  const int error = write_durably(trial, std::string(kTestCertificateBytes, 'x'));
  if (error != 0) return failed(folder, error);
  if (!std::filesystem::remove(trial, ec)) return failed(trial, ec.value());
  return FolderResult();
}

FolderResult write_certificate_folder(const std::filesystem::path& folder,
                                      std::span<const wechatpay::PlatformCertificate> current) {
  std::error_code ec;
  std::filesystem::create_directories(folder, ec);
  if (ec) return failed(folder, ec.value());
  const auto changes = wechatpay::certificate_file_changes(our_files(folder), current);
  for (const wechatpay::CertificateFile& file : changes.write) {
    // Write the certificate under a temporary name first. read_certificate_folder() ignores this
    // name, so that nobody reads an incomplete file.
    const auto draft = folder / (file.name + ".new");
    if (const int error = write_durably(draft, file.content)) return failed(draft, error);
    std::filesystem::rename(draft, folder / file.name, ec);
    if (ec) return failed(folder / file.name, ec.value());
  }
  if (!changes.write.empty()) {
    if (const int error = sync_folder(folder)) return failed(folder, error);
  }
  for (const std::string& name : changes.remove) std::filesystem::remove(folder / name, ec);
  return FolderResult();
}

}  // namespace couponhook::server
