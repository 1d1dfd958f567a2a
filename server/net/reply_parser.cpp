#include "server/net/reply_parser.hpp"

#include <algorithm>
#include <charconv>

#include "base/ascii.hpp"
#include "base/excerpt.hpp"
#include "server/net/http_grammar.hpp"

namespace couponhook::server {
namespace {

constexpr std::string_view kProtocol = "HTTP/";
constexpr std::string_view kBlanks = " \t";
constexpr std::size_t kShownBytesMax = 60;
constexpr std::size_t kStatusDigits = 3;
constexpr unsigned kSwitchingProtocols = 101;
constexpr unsigned kNoContent = 204;
constexpr unsigned kNotModified = 304;

/// Reads the whole text as a number. \return nothing if the text has any other character than
/// digits.
std::optional<std::uint64_t> number_in(std::string_view text, int base) {
  std::uint64_t number = 0;
  const auto [end, ec] = std::from_chars(text.data(), text.data() + text.size(), number, base);
  if (ec != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return number;
}

struct StatusLine {
  // True if the version of the reply is HTTP/1.0 or older.
  bool is_old = false;
  unsigned status = 0;
};

/// Parses a status line such as "HTTP/1.1 200 OK"; the minor version and the reason phrase may be
/// missing.
/// \return nothing if the line is not a status line.
std::optional<StatusLine> parse_status_line(std::string_view line) {
  if (!base::equals_ignoring_case(line.substr(0, kProtocol.size()), kProtocol)) return std::nullopt;
  line.remove_prefix(kProtocol.size());
  const std::size_t version_end = std::min(line.find_first_of(kBlanks), line.size());
  const std::string_view version = line.substr(0, version_end);
  const auto is_of_version = [](char c) { return base::is_digit(c) || c == '.'; };
  if (version.empty() || !std::ranges::all_of(version, is_of_version)) return std::nullopt;
  const std::string_view rest = trim_blanks(line.substr(version_end));
  const std::string_view code = rest.substr(0, rest.find_first_of(kBlanks));
  if (code.size() != kStatusDigits || !std::ranges::all_of(code, base::is_digit) ||
      code[0] == '0') {
    return std::nullopt;
  }
  const bool is_old = version == "1.0" || version == "1" || version[0] == '0';
  return StatusLine{is_old, static_cast<unsigned>(number_in(code, 10).value_or(0))};
}

}  // namespace

std::size_t ReplyParser::feed(std::string_view bytes) {
  const std::size_t all = bytes.size();
  has_begun_ = has_begun_ || all != 0;
  while (!bytes.empty() && !is_done() && problem_.empty()) {
    if (state_ == State::kBody || state_ == State::kBodyUntilClosed || state_ == State::kChunk) {
      take_body(bytes);
    } else if (take_line(bytes)) {
      const std::string line = std::exchange(line_, {});
      on_line(line);
    }
  }
  return all - bytes.size();
}

void ReplyParser::end_of_stream() {
  if (is_done() || !problem_.empty()) return;
  keeps_alive_ = false;
  // Some servers close the connection without a line end behind their last header line.
  if (state_ == State::kStatusLine || state_ == State::kHeaders) {
    if (!line_.empty()) {
      const std::string line = std::exchange(line_, {});
      on_line(line);
    }
    if (state_ == State::kHeaders && problem_.empty()) on_headers_end();
    if (state_ == State::kStatusLine) return;
  }
  if (state_ == State::kBodyUntilClosed || state_ == State::kTrailers) state_ = State::kDone;
}

/// Collects the bytes of one line of the reply. \return true if `line_` holds a complete line,
/// without its line end.
bool ReplyParser::take_line(std::string_view& bytes) {
  const std::size_t end = bytes.find('\n');
  const std::size_t taken =
      std::min(end == std::string_view::npos ? bytes.size() : end + 1, head_bytes_left_ + 1);
  line_.append(bytes.substr(0, taken));
  bytes.remove_prefix(taken);
  if (taken > head_bytes_left_) {
    fail("the reply has lines of more than " + std::to_string(kHeadBytesMax) + " bytes");
    return false;
  }
  head_bytes_left_ -= taken;
  if (state_ == State::kStatusLine) check_beginning();
  if (!problem_.empty() || !line_.ends_with('\n')) return false;
  line_.pop_back();
  while (line_.ends_with('\r')) line_.pop_back();
  return true;
}

/// Checks the beginning of the reply and refuses a protocol other than HTTP at its first wrong
/// byte. Otherwise the error would come only after the timeout.
void ReplyParser::check_beginning() {
  if (line_.front() == '\r' || line_.front() == '\n') return;
  const std::size_t size = std::min(line_.size(), kProtocol.size());
  if (!base::equals_ignoring_case(line_.substr(0, size), kProtocol.substr(0, size)))
    fail_unreadable(line_);
}

void ReplyParser::fail_unreadable(std::string_view beginning) {
  fail("the reply is unreadable: it begins with \"" + base::excerpt(beginning, kShownBytesMax) +
       "\" instead of an HTTP/1.1 status line");
}

void ReplyParser::on_line(std::string_view line) {
  switch (state_) {
    case State::kStatusLine:
      return on_status_line(line);
    case State::kHeaders:
      return on_header(line);
    case State::kChunkSize:
      return on_chunk_size(line);
    case State::kChunkEnd:
      if (!trim_blanks(line).empty()) return fail("the reply's body has a malformed chunk");
      state_ = State::kChunkSize;
      return;
    case State::kTrailers:
      if (trim_blanks(line).empty()) state_ = State::kDone;
      return;
    case State::kBody:
    case State::kBodyUntilClosed:
    case State::kChunk:
    case State::kDone:
      return;
  }
}

void ReplyParser::on_status_line(std::string_view line) {
  // Empty lines before the status line may be left over from the previous reply.
  if (trim_blanks(line).empty()) return;
  const auto parsed = parse_status_line(line);
  if (!parsed) return fail_unreadable(line);
  reply_.status = parsed->status;
  keeps_alive_ = !parsed->is_old;
  state_ = State::kHeaders;
}

void ReplyParser::on_header(std::string_view line) {
  if (trim_blanks(line).empty()) return on_headers_end();
  if (kBlanks.find(line.front()) != std::string_view::npos) {
    // A line that begins with a space continues the previous header (RFC 9112, section 5.2).
    if (!reply_.headers.empty()) reply_.headers.back().second.append(" ").append(trim_blanks(line));
    return;
  }
  const std::size_t colon = line.find(':');
  const std::string_view name = trim_blanks(line.substr(0, colon));
  if (colon == std::string_view::npos || name.empty()) {
    has_invalid_line_ = true;
    return;
  }
  reply_.headers.emplace_back(name, trim_blanks(line.substr(colon + 1)));
}

void ReplyParser::note_header(std::string_view name, std::string_view value) {
  if (base::equals_ignoring_case(name, "Retry-After") && reply_.retry_after.empty())
    reply_.retry_after = value;
  if (base::equals_ignoring_case(name, "Connection")) {
    for_each_element(value, [this](std::string_view option) {
      if (base::equals_ignoring_case(option, "close")) keeps_alive_ = false;
    });
  }
  if (base::equals_ignoring_case(name, "Transfer-Encoding")) {
    has_transfer_coding_ = true;
    for_each_element(value, [this](std::string_view coding) {
      is_chunked_ = base::equals_ignoring_case(coding, "chunked");
    });
  }
  if (base::equals_ignoring_case(name, "Content-Length")) {
    for_each_element(value, [this](std::string_view each) {
      const auto length = number_in(each, 10);
      if (!length || (content_length_ && *content_length_ != *length)) length_is_ambiguous_ = true;
      if (length && !content_length_) content_length_ = length;
    });
  }
}

void ReplyParser::on_headers_end() {
  // An interim reply (status 1xx) is dropped: the final reply follows it (RFC 9110, section 15.2).
  if (reply_.status < 200 && reply_.status != kSwitchingProtocols) {
    reply_ = {};
    keeps_alive_ = true;
    has_invalid_line_ = false;
    state_ = State::kStatusLine;
    if (--interim_left_ < 0) fail("only interim replies (1xx) came");
    return;
  }
  for (const auto& [name, value] : reply_.headers) note_header(name, value);
  choose_framing();
}

/// Decides how the end of the reply's body is found: by chunks, by Content-Length or by the end of
/// the connection (RFC 9112, section 6.3).
void ReplyParser::choose_framing() {
  const unsigned status = reply_.status;
  const bool both = has_transfer_coding_ && content_length_;
  // A reply with status 204 has no body. If its headers nevertheless announce a body, the bytes of
  // that body would be read as the next reply, so the connection is not used again.
  const bool has_unread_body =
      status == kNoContent && (has_transfer_coding_ || content_length_.value_or(0) != 0);
  const bool doubtful = has_invalid_line_ || length_is_ambiguous_ || both || has_unread_body;
  if (doubtful || status == kSwitchingProtocols) keeps_alive_ = false;
  if (has_transfer_coding_ || length_is_ambiguous_) content_length_.reset();
  if (head_ || status < 200 || status == kNoContent || status == kNotModified) {
    state_ = State::kDone;
  } else if (is_chunked_) {
    state_ = State::kChunkSize;
  } else if (content_length_) {
    left_ = *content_length_;
    state_ = left_ == 0 ? State::kDone : State::kBody;
  } else {
    keeps_alive_ = false;
    state_ = State::kBodyUntilClosed;
  }
}

void ReplyParser::on_chunk_size(std::string_view line) {
  const auto size = number_in(trim_blanks(line.substr(0, line.find(';'))), 16);
  if (!size) return fail("the reply's body has a malformed chunk size");
  left_ = *size;
  head_bytes_left_ = kHeadBytesMax;
  state_ = left_ == 0 ? State::kTrailers : State::kChunk;
}

void ReplyParser::take_body(std::string_view& bytes) {
  const bool has_end = state_ != State::kBodyUntilClosed;
  const std::size_t came =
      has_end ? static_cast<std::size_t>(std::min<std::uint64_t>(left_, bytes.size()))
              : bytes.size();
  const std::size_t kept = std::min(came, body_bytes_max_ - reply_.body.size());
  reply_.body.append(bytes.substr(0, kept));
  bytes.remove_prefix(came);
  if (kept < came) {
    return fail("the reply's body is longer than " + std::to_string(body_bytes_max_) + " bytes");
  }
  if (!has_end) return;
  left_ -= came;
  if (left_ != 0) return;
  state_ = state_ == State::kChunk ? State::kChunkEnd : State::kDone;
}

}  // namespace couponhook::server
