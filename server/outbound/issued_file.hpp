#pragma once

/// \file
/// Reads and writes the list of users who received a coupon. Reconciliation queries these users,
/// because WeChat Pay sends no notification when a favor coupon (代金券) is issued.
///
/// Each line is `time,appid,openid`, with the time in RFC 3339. Any program that sends coupons may
/// append lines. The file contains personal data.

#include <chrono>
#include <cstddef>
#include <filesystem>
#include <string>
#include <vector>

#include <boost/system/result.hpp>

#include "server/outbound/platform_records.hpp"

namespace couponhook::server {

/// Appends a line for this user to the list. The line is written in one write, so that lines of
/// several writers do not mix. Creates the file with mode 0600.
/// \return an error if the file cannot be written, or if the openid or the appid is malformed.
[[nodiscard]] boost::system::result<void, std::string> append_issued(
    const std::filesystem::path& file, const UserName& user, std::chrono::sys_seconds now);

/// The users who received a coupon, as read from the list, and the problems of the list.
struct IssuedUsers {
  /// The users in the list; the user of the latest line comes first.
  std::vector<UserName> users;
  /// Number of malformed lines in the list of users who received a coupon.
  std::size_t malformed = 0;
  /// Problem of the first malformed line, for example "line 3, column 2: appid is not …". It
  /// contains no personal data.
  std::string first_problem{};
};

/// Reads the list of users who received a coupon, and returns the users whose line has the time
/// `since` or a later time. Removes the marks that a spreadsheet puts around a field
/// (wechatpay::without_marks). If the time, appid or openid is invalid even without these marks,
/// the line counts as malformed. Of a long file only the last 16 MiB are read, and line numbers
/// count from there. A missing file counts as empty.
///
/// \return an error if the file cannot be read.
[[nodiscard]] boost::system::result<IssuedUsers, std::string> read_issued(
    const std::filesystem::path& file, std::chrono::sys_seconds since);

}  // namespace couponhook::server
