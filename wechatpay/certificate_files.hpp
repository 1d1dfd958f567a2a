#pragma once

/// \file
/// File names and contents for stored platform certificates, so that a restart does not need the
/// network. The caller writes the files, atomically.

#include <chrono>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "wechatpay/certificates.hpp"

namespace couponhook::wechatpay {

/// The file name of a certificate: wechatpay_<serial>.pem, as in WeChat Pay's own download tool.
/// \param serial hexadecimal digits only, because the serial becomes part of a path.
/// \return nothing if the serial has other characters.
[[nodiscard]] std::optional<std::string> certificate_file_name(std::string_view serial);

/// Returns true if a file name has the form of certificate_file_name(). Only such files may be
/// replaced or removed; other files in the directory are left alone.
[[nodiscard]] bool is_certificate_file_name(std::string_view name);

/// Parses a stored certificate file.
/// \return an error that describes the fault if the file is not valid.
[[nodiscard]] boost::system::result<PlatformCertificate, std::string> read_certificate_file(
    std::string_view content);

/// Parses each certificate of a file that may hold several. Other blocks, and certificates that
/// cannot be read, are ignored.
[[nodiscard]] std::vector<PlatformCertificate> read_certificates(std::string_view content);

struct CertificateFile {
  std::string name;
  std::string content;
};

/// The changes after which the directory holds exactly the certificates in `current`.
struct CertificateFileChanges {
  std::vector<CertificateFile> write;
  std::vector<std::string> remove;
};
/// \param present the certificate files in the directory. A damaged file is written again.
[[nodiscard]] CertificateFileChanges certificate_file_changes(
    std::span<const CertificateFile> present, std::span<const PlatformCertificate> current);

}  // namespace couponhook::wechatpay
