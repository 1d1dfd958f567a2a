#include <charconv>
#include <utility>

#include "base/ascii.hpp"
#include "server/capture/read_capture.hpp"
#include "server/capture/tcpdump_text.hpp"
#include "server/net/chunked_decoder.hpp"

namespace couponhook::server {
namespace {

constexpr std::string_view kBlanks = " \t\r";

std::string_view trim(std::string_view text) {
  const auto begin = text.find_first_not_of(kBlanks);
  if (begin == std::string_view::npos) return {};
  return text.substr(begin, text.find_last_not_of(kBlanks) + 1 - begin);
}

/// Removes the next line from a text and returns it, without its line end.
std::string_view take_line(std::string_view& text) {
  const auto end = text.find('\n');
  std::string_view line = text.substr(0, end);
  text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
  if (line.ends_with('\r')) line.remove_suffix(1);
  return line;
}

/// Method and target of a request line.
struct RequestLine {
  std::string_view method;
  std::string_view target;
};

/// Reads a line that ends with a request line. Text before it is ignored: `tcpdump -A` prints the
/// bytes of the packet's IP and TCP headers there.
std::optional<RequestLine> read_request_line(std::string_view line) {
  const auto version = line.rfind(" HTTP/1.");
  if (version == std::string_view::npos || version + 9 != line.size()) return std::nullopt;
  line = line.substr(0, version);
  const auto blank = line.rfind(' ');
  if (blank == std::string_view::npos || blank == 0) return std::nullopt;
  const std::string_view target = line.substr(blank + 1);
  if (target.empty() || (target.front() != '/' && target.find("://") == std::string_view::npos)) {
    return std::nullopt;
  }
  const std::string_view before = line.substr(0, blank);
  for (const std::string_view method : {"POST", "PUT", "GET", "PATCH", "DELETE", "HEAD"}) {
    if (before.ends_with(method)) return RequestLine{method, target};
  }
  return std::nullopt;
}

/// Returns the position of the next request line in the text, and of the line after it.
std::optional<std::pair<std::size_t, std::size_t>> find_request(std::string_view text) {
  std::size_t begin = 0;
  std::string_view rest = text;
  while (!rest.empty()) {
    const std::string_view line = take_line(rest);
    const std::size_t next = text.size() - rest.size();
    if (read_request_line(line)) return std::pair(begin, next);
    begin = next;
  }
  return std::nullopt;
}

std::optional<std::size_t> content_length(const CapturedRequest& request) {
  const std::string_view value = request.find("Content-Length");
  std::size_t length = 0;
  const auto [end, error] = std::from_chars(value.data(), value.data() + value.size(), length);
  const bool is_number =
      !value.empty() && error == std::errc{} && end == value.data() + value.size();
  return is_number ? std::optional(length) : std::nullopt;
}

/// Takes the body out of the bytes that follow the header.
void take_body(std::string_view bytes, CapturedRequest& request) {
  if (base::equals_ignoring_case(request.find("Transfer-Encoding"), "chunked")) {
    ChunkedDecoder chunks(kCaptureBytesMax, kCaptureBytesMax);
    std::string_view rest = bytes;
    std::string body;
    chunks.put(rest, body);
    // Some tools save the decoded body, but leave the header as it was.
    request.body = chunks.state() == ChunkedDecoder::State::kDone ? body : std::string(bytes);
    return;
  }
  const auto length = content_length(request);
  if (length && *length > bytes.size()) request.promised_bytes = *length;
  request.body = bytes.substr(0, length.value_or(bytes.size()));
}

CapturedRequest read_request(std::string_view text, const std::string& source) {
  CapturedRequest request;
  request.source = source;
  request.form = "raw HTTP";
  const auto line = read_request_line(take_line(text));
  request.method = line->method;
  request.target = line->target;
  while (!text.empty()) {
    const std::string_view field = take_line(text);
    if (trim(field).empty()) break;
    if ((field.front() == ' ' || field.front() == '\t') && !request.headers.empty()) {
      // A folded line goes on with the value of the line before. No signed header holds a blank.
      auto& [name, value] = request.headers.back();
      value.append(is_signed_header(name) ? "" : " ").append(trim(field));
      continue;
    }
    const auto colon = field.find(':');
    if (colon == std::string_view::npos) continue;
    request.headers.emplace_back(canonical_header(trim(field.substr(0, colon))),
                                 trim(field.substr(colon + 1)));
  }
  // ModSecurity's audit log writes a mark before each part, as in --a1b2c3d4-C--.
  std::string_view body = text;
  const std::string_view first = take_line(body);
  const bool is_mark = first.starts_with("--") && first.ends_with("-C--");
  take_body(is_mark ? body : text, request);
  return request;
}

}  // namespace

std::vector<CapturedRequest> parse_raw_http(const std::string& source, std::string_view file) {
  std::vector<CapturedRequest> requests;
  const auto joined = join_packets(file);
  std::string_view text = joined ? *joined : file;
  auto found = find_request(text);
  while (found) {
    text.remove_prefix(found->first);
    const std::size_t after_line = found->second - found->first;
    const auto next = find_request(text.substr(after_line));
    const std::string_view one = next ? text.substr(0, after_line + next->first) : text;
    const std::string number =
        requests.empty() && !next ? "" : "#" + std::to_string(requests.size() + 1);
    requests.push_back(read_request(one, source + number));
    if (joined) requests.back().form = kTcpdumpForm;
    if (!next) break;
    found = std::pair(after_line + next->first, after_line + next->second);
  }
  return requests;
}

}  // namespace couponhook::server
