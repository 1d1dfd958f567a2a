#include "server/outbound/issued_file.hpp"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <fstream>
#include <optional>
#include <string>
#include <string_view>

#include <fcntl.h>
#include <unistd.h>

#include "wechatpay/wechat_time.hpp"

namespace couponhook::server {
namespace {

constexpr std::streamoff kTailBytes = 16 << 20;

struct Line {
  std::chrono::sys_seconds time;
  UserName user;
};

std::optional<Line> parse_line(std::string_view text) {
  if (text.ends_with('\r')) text.remove_suffix(1);
  const std::size_t first = text.find(',');
  const std::size_t second = text.find(',', first + 1);
  if (first == std::string_view::npos || second == std::string_view::npos) return std::nullopt;
  const auto time = wechatpay::parse_wechat_time(text.substr(0, first));
  UserName user{std::string(text.substr(second + 1)),
                std::string(text.substr(first + 1, second - first - 1))};
  if (!time || user.openid.empty() || user.appid.empty()) return std::nullopt;
  return Line{*time, std::move(user)};
}

}  // namespace

boost::system::result<void, std::string> append_issued(const std::filesystem::path& file,
                                                       const UserName& user,
                                                       std::chrono::sys_seconds now) {
  using Result = boost::system::result<void, std::string>;
  const std::string line =
      wechatpay::format_wechat_time(now) + "," + user.appid + "," + user.openid + "\n";
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

boost::system::result<std::vector<UserName>, std::string> read_issued(
    const std::filesystem::path& file, std::chrono::sys_seconds since) {
  using Result = boost::system::result<std::vector<UserName>, std::string>;
  std::vector<UserName> users;
  std::error_code ec;
  if (!std::filesystem::exists(file, ec)) return Result(boost::system::in_place_value, users);
  std::ifstream in(file, std::ios::binary | std::ios::ate);
  if (!in || std::filesystem::is_directory(file, ec)) {
    return Result(boost::system::in_place_error,
                  "cannot be read: " + std::string(std::strerror(in ? EISDIR : errno)));
  }
  const std::streamoff size = in.tellg();
  in.seekg(std::max<std::streamoff>(0, size - kTailBytes));
  for (std::string text; std::getline(in, text);) {
    auto line = parse_line(text);
    if (line && line->time >= since) users.push_back(std::move(line->user));
  }
  std::ranges::reverse(users);
  return Result(boost::system::in_place_value, std::move(users));
}

}  // namespace couponhook::server
