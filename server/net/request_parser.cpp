#include "server/net/request_parser.hpp"

#include <algorithm>
#include <array>
#include <charconv>

#include "base/ascii.hpp"
#include "server/net/http_grammar.hpp"

namespace couponhook::server {
namespace {

/// Memory that a connection keeps between requests for each of its buffers, in bytes. This is
/// enough for a notification, and small enough for thousands of idle connections.
constexpr std::size_t kKeptBytesMax = 8192;
/// Largest number of header fields in a request. WeChat Pay sends about ten header fields, and
/// proxies add about ten more.
constexpr std::size_t kFieldsMax = 200;
constexpr std::size_t kLineEndBytes = 2;

constexpr std::string_view kBadLine =
    "a line does not end with CR LF, or a control character is in it";

void clear_text(std::string& text) {
  text.clear();
  if (text.capacity() > kKeptBytesMax) text.shrink_to_fit();
}

/// Returns true for header fields that have a single value and matter for security: signature and
/// authorization. A request with two different values of such a field is refused, because a proxy
/// might use one of them and this server the other.
bool decides(std::string_view name) {
  return base::starts_ignoring_case(name, "Wechatpay-") ||
         base::equals_ignoring_case(name, "Authorization");
}

/// Returns true if the text is an HTTP version: "HTTP/", a digit, "." and a digit.
bool is_version(std::string_view text) {
  return text.size() == 8 && text.starts_with("HTTP/") && base::is_digit(text[5]) &&
         text[6] == '.' && base::is_digit(text[7]);
}

/// Removes the text before the first space from `text`, or all text if there is no space. \return
/// the removed text.
std::string_view take_word(std::string_view& text) {
  const std::size_t blank = std::min(text.find(' '), text.size());
  const std::string_view word = text.substr(0, blank);
  text.remove_prefix(std::min(blank + 1, text.size()));
  return word;
}

}  // namespace

std::string_view RequestParts::find(std::string_view name) const {
  for (const Field& field : fields_) {
    if (field.name.size != name.size()) continue;  // cheaper than a look at the text
    if (base::equals_ignoring_case(at(field.name), name)) return at(field.value);
  }
  return {};
}

std::vector<std::string_view> RequestParts::find_all(std::string_view name) const {
  std::vector<std::string_view> values;
  for (const Field& field : fields_) {
    if (base::equals_ignoring_case(at(field.name), name)) values.push_back(at(field.value));
  }
  return values;
}

void RequestParts::clear() {
  clear_text(head_);
  clear_text(body_);
  rooted_target_.clear();
  is_http_1_0_ = false;
  method_ = target_ = {};
  fields_.clear();
}

RequestParts::Span RequestParts::span_of(std::string_view part) const {
  // Positions in the header fit in 32 bits, because the parser limits the size of the header.
  return {static_cast<std::uint32_t>(part.data() - head_.data()),
          static_cast<std::uint32_t>(part.size())};
}

std::size_t RequestParser::put(std::string_view bytes) {
  const std::size_t size = bytes.size();
  const bool in_head = !is_head_done();
  while (!bytes.empty() && !fault_ && !is_done() && in_head != is_head_done()) {
    if (in_head) {
      put_head(bytes);
    } else {
      put_body(bytes);
    }
  }
  return size - bytes.size();
}

bool RequestParser::keep_alive() const {
  if (close_) return false;
  // HTTP/1.0 has no chunked coding. If a client uses chunked coding with HTTP/1.0, the end of its
  // request is not certain, so the connection is not reused (RFC 9112, section 6.1).
  return !parts_.is_http_1_0_ || (keep_alive_ && codings_ == 0);
}

void RequestParser::fail(HttpFault fault, std::string_view detail) {
  if (fault_) return;
  fault_ = fault;
  fault_detail_ = detail;
}

/// Skips empty lines before a request. Some clients send a line end behind a body without counting
/// it in Content-Length (RFC 9112, section 2.2).
void RequestParser::skip_empty_lines(std::string_view& bytes) {
  while (!bytes.empty() && (after_cr_ || bytes.front() == '\r' || bytes.front() == '\n')) {
    if (after_cr_ && bytes.front() != '\n') return fail(HttpFault::kMalformed, kBadLine);
    if (++empty_bytes_ > limits_.head_bytes) {
      return fail(HttpFault::kHeadersTooLarge, "nothing but empty lines comes");
    }
    after_cr_ = bytes.front() == '\r';
    bytes.remove_prefix(1);
  }
}

void RequestParser::put_head(std::string_view& bytes) {
  if (!begun()) skip_empty_lines(bytes);
  if (bytes.empty() || fault_) return;
  std::string& head = parts_.head_;
  switch (take_line(bytes, head, line_begin_, limits_.head_bytes - line_begin_)) {
    case LineStatus::kMore:
      return;
    case LineStatus::kBad:
      return fail(HttpFault::kMalformed, kBadLine);
    case LineStatus::kTooLong:
      if (phase_ == Phase::kStart) return fail(HttpFault::kTargetTooLong, {});
      return fail(HttpFault::kHeadersTooLarge, {});
    case LineStatus::kLine:
      break;
  }
  const std::string_view line =
      std::string_view(head).substr(line_begin_, head.size() - line_begin_ - kLineEndBytes);
  line_begin_ = head.size();
  if (phase_ == Phase::kStart) {
    take_request_line(line);
  } else if (line.empty()) {
    end_head();
  } else {
    take_field(line);
  }
}

/// Parses the request line: method, target and HTTP version, separated by single spaces (RFC 9112,
/// section 3).
void RequestParser::take_request_line(std::string_view line) {
  const std::string_view method = take_word(line);
  const std::string_view target = take_word(line);
  if (!is_version(line)) {
    return fail(HttpFault::kMalformed,
                "the request line is not METHOD TARGET HTTP/1.1 with one blank between them");
  }
  if (line != "HTTP/1.1" && line != "HTTP/1.0") return fail(HttpFault::kVersionUnsupported, {});
  if (!is_token(method)) return fail(HttpFault::kMalformed, "the method is not a token");
  if (!take_target(method, target)) {
    return fail(HttpFault::kMalformed,
                "the request target is neither a path nor an absolute http or https URL");
  }
  parts_.is_http_1_0_ = line == "HTTP/1.0";
  parts_.method_ = parts_.span_of(method);
  phase_ = Phase::kFields;
}

/// Parses the target of a request, in one of the four forms of RFC 9112, section 3.2. A server must
/// also accept an absolute URL; only the path and query of the URL are kept.
/// \return false if the target is invalid.
bool RequestParser::take_target(std::string_view method, std::string_view target) {
  parts_.target_ = parts_.span_of(target);
  if (method == "CONNECT") {
    return target.find(':') != std::string_view::npos && is_host_and_port(target) &&
           !target.starts_with(':');
  }
  if (target.find('#') != std::string_view::npos) return false;
  if (target.starts_with('/')) return true;
  if (target == "*") return method == "OPTIONS";
  std::string_view rest;
  for (const std::string_view scheme : {"http://", "https://"}) {
    if (base::starts_ignoring_case(target, scheme)) rest = target.substr(scheme.size());
  }
  const std::string_view authority = rest.substr(0, rest.find_first_of("/?"));
  if (authority.empty() || authority.starts_with(':') || !is_host_and_port(authority)) return false;
  const std::string_view path = rest.substr(authority.size());
  if (path.starts_with('/')) {
    parts_.target_ = parts_.span_of(path);
  } else {
    parts_.rooted_target_.assign("/").append(path);
  }
  return true;
}

void RequestParser::take_field(std::string_view line) {
  if (line.starts_with(' ') || line.starts_with('\t')) {
    return fail(HttpFault::kMalformed,
                "a header line is folded: it begins with a blank (RFC 9112, section 5.2)");
  }
  const std::size_t colon = line.find(':');
  const std::string_view name = line.substr(0, colon);
  if (colon == std::string_view::npos || !is_token(name)) {
    return fail(HttpFault::kMalformed, "a header line is not NAME: VALUE");
  }
  const std::string_view value = trim_blanks(line.substr(colon + 1));
  if (parts_.fields_.size() == kFieldsMax) return fail(HttpFault::kHeadersTooLarge, {});
  take_known_field(name, value);
  if (decides(name) && contradicts(name, value)) {
    return fail(HttpFault::kMalformed,
                "a Wechatpay-* or Authorization header comes twice, with two values");
  }
  parts_.fields_.push_back({parts_.span_of(name), parts_.span_of(value)});
}

/// Evaluates the header fields that control HTTP itself: Host, Content-Length, Transfer-Encoding,
/// Connection and Expect.
void RequestParser::take_known_field(std::string_view name, std::string_view value) {
  if (base::equals_ignoring_case(name, "Host")) {
    ++hosts_;
    if (!is_host_and_port(value)) {
      fail(HttpFault::kMalformed, "Host is not a host with an optional port");
    }
  } else if (base::equals_ignoring_case(name, "Content-Length")) {
    take_length(value);
  } else if (base::equals_ignoring_case(name, "Transfer-Encoding")) {
    // Transfer-Encoding must be "chunked" alone. With any other coding, the end or the content of
    // the body would be a guess. A proxy in front of this server might guess differently (RFC 9112,
    // section 6.3).
    if (++codings_ != 1 || !base::equals_ignoring_case(value, "chunked")) {
      fail(HttpFault::kMalformed, "Transfer-Encoding is not chunked alone");
    }
  } else if (base::equals_ignoring_case(name, "Connection")) {
    for_each_element(value, [this](std::string_view option) {
      close_ = close_ || base::equals_ignoring_case(option, "close");
      keep_alive_ = keep_alive_ || base::equals_ignoring_case(option, "keep-alive");
    });
  } else if (base::equals_ignoring_case(name, "Expect")) {
    expects_continue_ = base::equals_ignoring_case(value, "100-continue") && !parts_.is_http_1_0_;
  }
}

void RequestParser::take_length(std::string_view value) {
  std::uint64_t length = 0;
  const char* const last = value.data() + value.size();
  const auto [end, ec] = std::from_chars(value.data(), last, length);
  if (ec != std::errc() || end != last) {
    return fail(HttpFault::kMalformed, "Content-Length is not a decimal number");
  }
  // The same Content-Length twice is harmless (RFC 9112, section 6.3). The same number in another
  // notation, such as 010 for 10, is refused, because no normal client sends that.
  const auto others = parts_.find_all("Content-Length");
  if (!others.empty() && others.front() != value) {
    return fail(HttpFault::kMalformed, "Content-Length comes twice, with two values");
  }
  length_ = length;
}

bool RequestParser::contradicts(std::string_view name, std::string_view value) const {
  return std::ranges::any_of(parts_.fields_, [&](const RequestParts::Field& field) {
    return base::equals_ignoring_case(parts_.at(field.name), name) &&
           parts_.at(field.value) != value;
  });
}

void RequestParser::end_head() {
  // A request needs exactly one Host header. With two of them, a proxy might use one host and this
  // server the other. HTTP/1.0 does not require a Host header (RFC 9112, section 3.2).
  if (hosts_ > 1 || (hosts_ == 0 && !parts_.is_http_1_0_)) {
    return fail(HttpFault::kMalformed, "there must be one Host header");
  }
  if (length_ && codings_ != 0) {
    return fail(HttpFault::kMalformed, "both Content-Length and Transfer-Encoding are there");
  }
  if (length_ > limits_.body_bytes) return fail(HttpFault::kBodyTooLarge, {});
  if (codings_ != 0) {
    chunks_.emplace(limits_.body_bytes, limits_.head_bytes);
    phase_ = Phase::kChunks;
  } else {
    body_left_ = length_.value_or(0);
    phase_ = body_left_ == 0 ? Phase::kDone : Phase::kBody;
  }
}

void RequestParser::put_body(std::string_view& bytes) {
  if (phase_ == Phase::kChunks) return put_chunks(bytes);
  std::string& body = parts_.body_;
  const std::size_t size = std::min<std::uint64_t>(body_left_, bytes.size());
  // Memory reserved for an announced body is only address space until the bytes arrive.
  if (body.empty()) body.reserve(body_left_);
  body += bytes.substr(0, size);
  bytes.remove_prefix(size);
  body_left_ -= size;
  if (body_left_ == 0) phase_ = Phase::kDone;
}

void RequestParser::put_chunks(std::string_view& bytes) {
  using State = ChunkedDecoder::State;
  chunks_->put(bytes, parts_.body_);
  switch (chunks_->state()) {
    case State::kMore:
      return;
    case State::kDone:
      phase_ = Phase::kDone;
      return;
    case State::kMalformed:
      return fail(HttpFault::kMalformed, "the chunked body is not well-formed");
    case State::kBodyTooLarge:
      return fail(HttpFault::kBodyTooLarge, {});
    case State::kOverheadTooLarge:
      return fail(HttpFault::kHeadersTooLarge, {});
  }
}

}  // namespace couponhook::server
