#pragma once

/// \file
/// The file that says who was sent a coupon, so that the users can be asked for: no notification
/// tells that a favor coupon was issued.
///
/// A line is `time,appid,openid`, the time in RFC 3339. Whatever sends coupons may append to it.
/// It holds people's data.

#include <chrono>
#include <filesystem>
#include <vector>

#include <boost/system/result.hpp>

#include "server/outbound/books.hpp"

namespace couponhook::server {

/// Appends a line, in one write, so that writers do not mix; makes the file with mode 0600.
/// \return why it cannot.
[[nodiscard]] boost::system::result<void, std::string> append_issued(
    const std::filesystem::path& file, const UserName& user, std::chrono::sys_seconds now);

/// The users of the lines since then, the latest first; lines that are none are passed over. Of a
/// long file only the last 16 MiB are read. A file that is not there holds nobody.
/// \return why it cannot be read.
[[nodiscard]] boost::system::result<std::vector<UserName>, std::string> read_issued(
    const std::filesystem::path& file, std::chrono::sys_seconds since);

}  // namespace couponhook::server
