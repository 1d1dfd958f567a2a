#pragma once

/// \file
/// Reads and writes the folder of fetched platform certificates (api.certificate_directory).

#include <filesystem>
#include <span>
#include <string>
#include <vector>

#include <boost/system/result.hpp>

#include "wechatpay/certificates.hpp"

namespace couponhook::server {

/// Returns the certificates in the folder. Ignores files that this program did not write and files
/// without a certificate.
[[nodiscard]] std::vector<wechatpay::PlatformCertificate> read_certificate_folder(
    const std::filesystem::path& folder);

/// Checks that certificates can be kept in the folder: creates the folder, writes a file of a
/// certificate's size, and removes the file.
/// \return an error that names the folder, the cause and the repair.
[[nodiscard]] boost::system::result<void, std::string> try_certificate_folder(
    const std::filesystem::path& folder);

/// Makes the folder hold exactly `current`, beside files that this program did not write. Each file
/// appears complete and durable, or not at all. No old file is removed before all new files exist.
/// So a concurrent reader, or a reader after a crash, finds every valid certificate.
/// \return an error that names the file.
[[nodiscard]] boost::system::result<void, std::string> write_certificate_folder(
    const std::filesystem::path& folder, std::span<const wechatpay::PlatformCertificate> current);

}  // namespace couponhook::server
