#include "server/capture/read_capture.hpp"

#include <algorithm>
#include <cstdint>

#include "crypto/file.hpp"

namespace couponhook::server {
namespace {

std::vector<CapturedRequest> parse_log(const std::string& source, std::string_view text) {
  std::vector<CapturedRequest> requests;
  for (std::size_t number = 1; !text.empty(); ++number) {
    std::string_view line = text.substr(0, text.find('\n'));
    text.remove_prefix(std::min(line.size() + 1, text.size()));
    if (line.ends_with('\r')) line.remove_suffix(1);
    auto request = parse_log_line(source + ":" + std::to_string(number), line);
    if (request) requests.push_back(std::move(*request));
  }
  return requests;
}

}  // namespace

std::vector<CapturedRequest> parse_captures(const std::string& source, std::string_view text) {
  auto requests = parse_json_capture(source, text);
  if (requests.empty()) requests = parse_raw_http(source, text);
  if (requests.empty()) requests = parse_log(source, text);
  return requests;
}

std::vector<CapturedRequest> read_captures(const std::filesystem::path& file,
                                           std::vector<base::Problem>& problems) {
  // read_file() allocates its limit, so pass the size of a usual, small capture.
  std::error_code ec;
  const auto size = std::filesystem::file_size(file, ec);
  const std::size_t bytes_max =
      ec ? kCaptureBytesMax : std::min<std::uintmax_t>(size, kCaptureBytesMax);
  const auto content = crypto::read_file(file, bytes_max);
  if (!content) {
    problems.push_back({file.string(), content.error().text()});
    return {};
  }
  auto requests = parse_captures(file.string(), content->reveal());
  if (requests.empty()) {
    problems.push_back(
        {file.string(),
         "holds no captured callback; give a raw HTTP request, a HAR file, JSON with \"headers\" "
         "and \"body\", or log lines of nginx or HAProxy that hold the Wechatpay-* headers"});
  }
  return requests;
}

}  // namespace couponhook::server
