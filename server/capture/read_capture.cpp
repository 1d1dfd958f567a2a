#include "server/capture/read_capture.hpp"

#include <algorithm>
#include <cstdint>

#include "base/text_encoding.hpp"
#include "crypto/file.hpp"

namespace couponhook::server {
namespace {

/// Returns the text in UTF-8 and with LF as line end, if editors or shells of Windows or old
/// editors of Mac OS saved it in another form.
std::string plain_text(std::string_view text) {
  using namespace std::string_view_literals;
  if (text.starts_with("\xFF\xFE"sv) || text.starts_with("\xFE\xFF"sv)) {
    if (auto converted = base::convert_encoding(text, "UTF-16", "UTF-8")) return *converted;
  }
  std::string plain(text);
  if (text.find('\n') == std::string_view::npos &&
      text.find(" HTTP/1.") != std::string_view::npos) {
    std::ranges::replace(plain, '\r', '\n');
  }
  return plain;
}

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
  const std::string plain = plain_text(text);
  std::vector<CapturedRequest> best;
  for (const auto parse : {parse_json_capture, parse_raw_http, parse_log, parse_text_capture}) {
    auto requests = parse(source, plain);
    if (std::ranges::any_of(requests, is_complete)) {
      // A capture may hold requests that have nothing to do with WeChat Pay.
      std::erase_if(requests, [](const CapturedRequest& request) { return !is_signed(request); });
      return requests;
    }
    if (best.empty()) best = std::move(requests);
  }
  return best;
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
         "and \"body\", or log lines that hold the Wechatpay-* headers and the body"});
  }
  return requests;
}

}  // namespace couponhook::server
