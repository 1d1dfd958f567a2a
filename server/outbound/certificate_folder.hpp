#pragma once

/// \file
/// The folder in which fetched platform certificates are kept.

#include <filesystem>
#include <span>
#include <string>
#include <vector>

#include <boost/system/result.hpp>

#include "wechatpay/certificates.hpp"

namespace couponhook::server {

/// What is kept. Files that are not ours, or hold no certificate, are left out.
[[nodiscard]] std::vector<wechatpay::PlatformCertificate> read_certificate_folder(
    const std::filesystem::path& folder);

/// Tries to make the folder and to write a file of a certificate's size in it, as whoever keeps
/// certificates there has to. Leaves no file behind.
/// \return an error that names the folder, why it cannot be written to and what to do.
[[nodiscard]] boost::system::result<void, std::string> try_certificate_folder(
    const std::filesystem::path& folder);

/// Makes the folder hold exactly `current` beside files that are not ours. Each file appears whole
/// and durable or not at all, and nothing is removed before all that is new is there: whoever
/// reads meanwhile, or after a crash at any point, finds every certificate that is due.
/// \return an error that names the file.
[[nodiscard]] boost::system::result<void, std::string> write_certificate_folder(
    const std::filesystem::path& folder, std::span<const wechatpay::PlatformCertificate> current);

}  // namespace couponhook::server
