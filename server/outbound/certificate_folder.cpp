#include "server/outbound/certificate_folder.hpp"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <iterator>

#include <fcntl.h>
#include <unistd.h>

#include "server/file.hpp"
#include "wechatpay/certificate_files.hpp"

namespace couponhook::server {
namespace {

using FolderResult = boost::system::result<void, std::string>;

/// Those that cannot be read are as good as empty.
std::vector<wechatpay::CertificateFile> our_files(const std::filesystem::path& folder) {
  std::vector<wechatpay::CertificateFile> files;
  std::error_code ec;
  for (const auto& entry : std::filesystem::directory_iterator(folder, ec)) {
    std::string name = entry.path().filename();
    if (!wechatpay::is_certificate_file_name(name)) continue;
    const auto content = read_file(entry.path());
    files.push_back({std::move(name), content ? std::string(content->reveal()) : std::string()});
  }
  return files;
}

FolderResult failed(const std::filesystem::path& file) {
  return FolderResult(boost::system::in_place_error,
                      file.string() + ": cannot be written: " + std::strerror(errno) +
                          "; check certificate_directory and its permissions");
}

bool write_durably(const std::filesystem::path& file, std::string_view content) {
  const int fd = ::open(file.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
  if (fd < 0) return false;
  const bool written =
      ::write(fd, content.data(), content.size()) == static_cast<ssize_t>(content.size()) &&
      ::fsync(fd) == 0;
  const int why = errno;
  ::close(fd);
  errno = why;
  return written;
}

bool sync_folder(const std::filesystem::path& folder) {
  const int fd = ::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (fd < 0) return false;
  const bool synced = ::fsync(fd) == 0;
  ::close(fd);
  return synced;
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

FolderResult write_certificate_folder(const std::filesystem::path& folder,
                                      std::span<const wechatpay::PlatformCertificate> current) {
  std::error_code ec;
  std::filesystem::create_directories(folder, ec);
  const auto changes = wechatpay::certificate_file_changes(our_files(folder), current);
  for (const wechatpay::CertificateFile& file : changes.write) {
    // A name that is not read as a certificate, until the content is whole.
    const auto draft = folder / (file.name + ".new");
    if (!write_durably(draft, file.content)) return failed(draft);
    std::filesystem::rename(draft, folder / file.name, ec);
    if (ec) {
      errno = ec.value();
      return failed(folder / file.name);
    }
  }
  if (!changes.write.empty() && !sync_folder(folder)) return failed(folder);
  for (const std::string& name : changes.remove) std::filesystem::remove(folder / name, ec);
  return FolderResult();
}

}  // namespace couponhook::server
