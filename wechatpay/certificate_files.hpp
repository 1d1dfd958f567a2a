#pragma once

/// \file
/// Names and contents of the files in which platform certificates (certificates of WeChat Pay's
/// signing keys) are stored, so that the service can start again without the network. The caller of
/// this code writes the files atomically.

#include <chrono>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "wechatpay/certificates.hpp"

namespace couponhook::wechatpay {

/// Returns the name of the file in which a platform certificate is stored: wechatpay_<serial>.pem,
/// as in WeChat Pay's own download tool.
/// \param serial hexadecimal digits only, because the serial becomes part of a path.
/// \return nothing if the serial contains other characters.
[[nodiscard]] std::optional<std::string> certificate_file_name(std::string_view serial);

/// Returns true if a file name has the form wechatpay_<serial>.pem. couponhook replaces and removes
/// only files with such names, and never changes other files in the directory.
[[nodiscard]] bool is_certificate_file_name(std::string_view name);

/// Parses a stored file with one platform certificate.
/// \return the certificate, or the reason why the file is not valid.
[[nodiscard]] boost::system::result<PlatformCertificate, crypto::KeyError> read_certificate_file(
    std::string_view content);

/// Parses all platform certificates of a file. Ignores other PEM blocks, and certificates that
/// cannot be read.
[[nodiscard]] std::vector<PlatformCertificate> read_certificates(std::string_view content);

struct CertificateFile {
  std::string name;
  std::string content;
};

/// The certificate files to write and to remove, so that the directory contains exactly the current
/// platform certificates.
struct CertificateFileChanges {
  std::vector<CertificateFile> write;
  std::vector<std::string> remove;
};
/// Compares the stored certificate files with the current platform certificates.
/// \param present the certificate files that are in the directory now. A damaged file is written
///   again.
/// \param current the platform certificates that the directory must contain.
/// \return the files to write and the names of the files to remove.
[[nodiscard]] CertificateFileChanges certificate_file_changes(
    std::span<const CertificateFile> present, std::span<const PlatformCertificate> current);

}  // namespace couponhook::wechatpay
