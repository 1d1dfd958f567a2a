#include "server/outbound/issued_file.hpp"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <fstream>
#include <string>
#include <string_view>

#include <fcntl.h>
#include <unistd.h>

#include "base/wechat_time.hpp"
#include "wechatpay/identifier.hpp"
#include "wechatpay/separated_row.hpp"

namespace couponhook::server {
namespace {

constexpr std::streamoff kTailBytes = 16 << 20;

struct Line {
  std::chrono::sys_seconds time;
  UserName user;
};

using LineResult = boost::system::result<Line, std::string>;

LineResult no_line(std::string why) {
  return LineResult(boost::system::in_place_error, std::move(why));
}

std::string damaged(std::size_t column, std::string_view name, std::string_view damage) {
  return "column " + std::to_string(column) + ": " + std::string(name) + " " + std::string(damage);
}

/// Parses one line of the list of users who received a coupon.
/// \return the parsed line, or the reason why it is malformed. The reason does not quote the line,
///   which contains personal data.
LineResult parse_line(std::string_view text) {
  const auto row = wechatpay::read_row(text, true, {});
  if (!row || row->fault != wechatpay::RowFault::kNone || row->bytes != text.size() ||
      row->fields.size() != 3) {
    return no_line("it is not time,appid,openid");
  }
  const auto time = base::parse_file_time(wechatpay::without_marks(row->fields[0]).text);
  if (!time) return no_line(damaged(1, "time", "is not an unambiguous time"));
  const auto appid = wechatpay::without_marks(row->fields[1]);
  const auto openid = wechatpay::without_marks(row->fields[2]);
  using wechatpay::Identifier;
  if (const auto damage = damage_of(Identifier::kAppid, appid); !damage.empty()) {
    return no_line(damaged(2, "appid", damage));
  }
  if (const auto damage = damage_of(Identifier::kOpenid, openid); !damage.empty()) {
    return no_line(damaged(3, "openid", damage));
  }
  return LineResult(boost::system::in_place_value,
                    Line{*time, {std::string(openid.text), std::string(appid.text)}});
}

}  // namespace

boost::system::result<void, std::string> append_issued(const std::filesystem::path& file,
                                                       const UserName& user,
                                                       std::chrono::sys_seconds now) {
  using Result = boost::system::result<void, std::string>;
  using wechatpay::Identifier;
  if (!has_form(Identifier::kAppid, user.appid) || !has_form(Identifier::kOpenid, user.openid)) {
    return Result(boost::system::in_place_error,
                  "is not changed: the openid or appid does not have WeChat Pay's form");
  }
  const std::string line =
      base::format_wechat_time(now) + "," + user.appid + "," + user.openid + "\n";
  std::error_code ec;
  if (file.has_parent_path()) std::filesystem::create_directories(file.parent_path(), ec);
  const int fd = ::open(file.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
  const bool written =
      fd >= 0 && ::write(fd, line.data(), line.size()) == static_cast<ssize_t>(line.size());
  const int why = errno;
  if (fd >= 0) ::close(fd);
  if (written) return Result();
  return Result(boost::system::in_place_error,
                "cannot be written: " + std::string(std::strerror(why)));
}

boost::system::result<IssuedUsers, std::string> read_issued(const std::filesystem::path& file,
                                                            std::chrono::sys_seconds since) {
  using Result = boost::system::result<IssuedUsers, std::string>;
  IssuedUsers issued;
  std::error_code ec;
  if (!std::filesystem::exists(file, ec)) return Result(boost::system::in_place_value, issued);
  std::ifstream in(file, std::ios::binary | std::ios::ate);
  if (!in || std::filesystem::is_directory(file, ec)) {
    return Result(boost::system::in_place_error,
                  "cannot be read: " + std::string(std::strerror(in ? EISDIR : errno)));
  }
  const std::streamoff begin = std::max<std::streamoff>(0, in.tellg() - kTailBytes);
  in.seekg(begin);
  std::string text;
  if (begin != 0) std::getline(in, text);  // skips the rest of a line whose beginning was not read
  for (std::size_t number = 1; std::getline(in, text); ++number) {
    if (wechatpay::without_marks(text).text.empty()) continue;
    auto line = parse_line(text);
    if (!line) {
      if (issued.malformed++ == 0) {
        issued.first_problem = "line " + std::to_string(number) + ", " + line.error();
      }
    } else if (line->time >= since) {
      issued.users.push_back(std::move(line->user));
    }
  }
  std::ranges::reverse(issued.users);
  return Result(boost::system::in_place_value, std::move(issued));
}

}  // namespace couponhook::server
