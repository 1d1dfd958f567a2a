#pragma once

/// \file
/// Reads and writes the folder of downloaded platform certificates (setting
/// api.certificate_directory).

#include <filesystem>
#include <span>
#include <string>
#include <vector>

#include <boost/system/result.hpp>

#include "wechatpay/certificates.hpp"

namespace couponhook::server {

/// Returns the platform certificates in the folder. Ignores files that this program did not write
/// and files without a certificate.
[[nodiscard]] std::vector<wechatpay::PlatformCertificate> read_certificate_folder(
    const std::filesystem::path& folder);

/// Checks that certificate files can be written to the folder: creates the folder, writes a file of
/// a certificate's size, and removes the file.
/// \return nothing on success; otherwise an error text that names the folder, the cause and the
///   remedy.
[[nodiscard]] boost::system::result<void, std::string> try_certificate_folder(
    const std::filesystem::path& folder);

/// Writes the certificates in `current` to the folder, and removes older certificate files of this
/// program. Files that this program did not write stay. Each file appears complete and flushed to
/// the disk, or not at all. No old file is removed before all new files exist. So a concurrent
/// reader, or a reader after a crash, finds every valid certificate.
/// \return nothing on success; otherwise an error text that names the file.
[[nodiscard]] boost::system::result<void, std::string> write_certificate_folder(
    const std::filesystem::path& folder, std::span<const wechatpay::PlatformCertificate> current);

}  // namespace couponhook::server
