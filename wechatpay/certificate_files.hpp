#pragma once

/// \file
/// Platform certificates as files: a restart must not need the network. Names and bytes only;
/// writing them, atomically, is the caller's.

#include <chrono>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "wechatpay/certificates.hpp"

namespace couponhook::wechatpay {

/// wechatpay_<serial>.pem, as WeChat Pay's own download tool names them.
/// \param serial hexadecimal: nothing else becomes part of a path.
/// \return nothing where it is not.
[[nodiscard]] std::optional<std::string> certificate_file_name(std::string_view serial);

/// Whether a file in the directory is one of ours, to be replaced or removed. Others are left
/// alone.
[[nodiscard]] bool is_certificate_file_name(std::string_view name);

/// Reads a kept file.
/// \return an error that says what is wrong with it.
[[nodiscard]] boost::system::result<PlatformCertificate, std::string> read_certificate_file(
    std::string_view content);

/// As read_certificate_file, each certificate of a file that may hold several; blocks that are none
/// are left out.
[[nodiscard]] std::vector<PlatformCertificate> read_certificates(std::string_view content);

struct CertificateFile {
  std::string name;
  std::string content;
};

/// What has to happen in the directory so that it holds exactly `current`.
struct CertificateFileChanges {
  std::vector<CertificateFile> write;
  std::vector<std::string> remove;
};
/// \param present the files that are there; one that is damaged is written anew.
[[nodiscard]] CertificateFileChanges certificate_file_changes(
    std::span<const CertificateFile> present, std::span<const PlatformCertificate> current);

}  // namespace couponhook::wechatpay
