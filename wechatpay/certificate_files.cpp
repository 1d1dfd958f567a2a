#include "wechatpay/certificate_files.hpp"

#include <algorithm>
#include <utility>

#include "crypto/pem.hpp"

namespace couponhook::wechatpay {
namespace {

constexpr std::string_view kPrefix = "wechatpay_";
constexpr std::string_view kSuffix = ".pem";
constexpr std::size_t kSerialDigitsMax = 64;

bool is_serial(std::string_view text) {
  return !text.empty() && text.size() <= kSerialDigitsMax &&
         text.find_first_not_of("0123456789ABCDEFabcdef") == std::string_view::npos;
}

const CertificateFile* find(std::span<const CertificateFile> files, std::string_view name) {
  const auto found = std::ranges::find(files, name, &CertificateFile::name);
  return found == files.end() ? nullptr : &*found;
}

}  // namespace

std::optional<std::string> certificate_file_name(std::string_view serial) {
  if (!is_serial(serial)) return {};
  return std::string(kPrefix).append(serial).append(kSuffix);
}

bool is_certificate_file_name(std::string_view name) {
  if (!name.starts_with(kPrefix) || !name.ends_with(kSuffix)) return false;
  name.remove_prefix(kPrefix.size());
  return name.size() > kSuffix.size() && is_serial(name.substr(0, name.size() - kSuffix.size()));
}

boost::system::result<PlatformCertificate, crypto::KeyError> read_certificate_file(
    std::string_view content) {
  crypto::PlatformKeys keys;
  const auto info = keys.add_certificate(content);
  if (!info) return info.error();
  return PlatformCertificate{info->serial, std::string(content), info->expires_at.value()};
}

std::vector<PlatformCertificate> read_certificates(std::string_view content) {
  std::vector<PlatformCertificate> certificates;
  const crypto::PemContent pem = crypto::read_pem(content);
  if (pem.blocks.size() == 1) {
    // Keep exactly the bytes of a file with one certificate. Otherwise a comment in the file would
    // count as a change of the certificate, and the file would be written again.
    if (auto only = read_certificate_file(content)) certificates.push_back(std::move(*only));
    return certificates;
  }
  for (const crypto::PemBlock& block : pem.blocks) {
    if (auto one = read_certificate_file(block.text)) certificates.push_back(std::move(*one));
  }
  return certificates;
}

CertificateFileChanges certificate_file_changes(std::span<const CertificateFile> present,
                                                std::span<const PlatformCertificate> current) {
  CertificateFileChanges changes;
  std::vector<CertificateFile> wanted;
  for (const PlatformCertificate& certificate : current) {
    auto name = certificate_file_name(certificate.serial);
    if (name) wanted.push_back({std::move(*name), certificate.pem});
  }
  for (const CertificateFile& file : present) {
    const bool is_ours = is_certificate_file_name(file.name);
    if (is_ours && find(wanted, file.name) == nullptr) changes.remove.push_back(file.name);
  }
  for (CertificateFile& file : wanted) {
    const CertificateFile* const kept = find(present, file.name);
    if (kept == nullptr || kept->content != file.content) changes.write.push_back(std::move(file));
  }
  return changes;
}

}  // namespace couponhook::wechatpay
