#pragma once

/// \file
/// The file that says who was sent a coupon, so that the users can be asked for: no notification
/// tells that a favor coupon was issued.
///
/// A line is `time,appid,openid`, the time in RFC 3339. Whatever sends coupons may append to it.
/// It holds people's data.

#include <chrono>
#include <cstddef>
#include <filesystem>
#include <string>
#include <vector>

#include <boost/system/result.hpp>

#include "server/outbound/platform_records.hpp"

namespace couponhook::server {

/// Appends a line, in one write, so that writers do not mix; makes the file with mode 0600.
/// \return why it cannot: also where the openid or appid is none.
[[nodiscard]] boost::system::result<void, std::string> append_issued(
    const std::filesystem::path& file, const UserName& user, std::chrono::sys_seconds now);

/// What the file says.
struct IssuedUsers {
  std::vector<UserName> users;  ///< the latest first
  std::size_t malformed = 0;    ///< lines that are none
  /// The first of them: "line 3, column 2: appid is not …"; holds nobody's data.
  std::string first_problem{};
};

/// The users of the lines since then. What a spreadsheet puts around a field is taken off
/// (wechatpay::without_marks); a line whose time, appid or openid is none then is counted. Of a
/// long file only the last 16 MiB are read, and lines are counted from there. A file that is not
/// there holds nobody.
///
/// \return why it cannot be read.
[[nodiscard]] boost::system::result<IssuedUsers, std::string> read_issued(
    const std::filesystem::path& file, std::chrono::sys_seconds since);

}  // namespace couponhook::server
