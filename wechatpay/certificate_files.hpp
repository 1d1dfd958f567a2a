#pragma once

/// \file
/// Names and contents of the files in which platform certificates are stored, so that a restart
/// does not need the network. The caller writes the files, atomically.

#include <chrono>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "wechatpay/certificates.hpp"

namespace couponhook::wechatpay {

/// Returns the file name for a platform certificate: wechatpay_<serial>.pem, as in WeChat Pay's own
/// download tool.
/// \param serial hexadecimal digits only, because the serial becomes part of a path.
/// \return nothing if the serial has other characters.
[[nodiscard]] std::optional<std::string> certificate_file_name(std::string_view serial);

/// Returns true if a file name has the form of certificate_file_name(). couponhook replaces and
/// removes only such files, and leaves other files in the directory alone.
[[nodiscard]] bool is_certificate_file_name(std::string_view name);

/// Parses a stored file with one platform certificate.
/// \return the certificate, or the reason why the file is not valid.
[[nodiscard]] boost::system::result<PlatformCertificate, crypto::KeyError> read_certificate_file(
    std::string_view content);

/// Parses all certificates of a file that may hold several. Other PEM blocks, and certificates that
/// cannot be read, are ignored.
[[nodiscard]] std::vector<PlatformCertificate> read_certificates(std::string_view content);

struct CertificateFile {
  std::string name;
  std::string content;
};

/// The files to write and to remove, so that the directory then holds exactly the current
/// certificates.
struct CertificateFileChanges {
  std::vector<CertificateFile> write;
  std::vector<std::string> remove;
};
/// Compares the stored certificate files with the current certificates.
/// \param present the certificate files that are in the directory. A damaged file is written again.
/// \param current the certificates that the directory shall hold.
/// \return the files to write and the names of the files to remove.
[[nodiscard]] CertificateFileChanges certificate_file_changes(
    std::span<const CertificateFile> present, std::span<const PlatformCertificate> current);

}  // namespace couponhook::wechatpay
