#include "server/net/chunked_decoder.hpp"

#include <algorithm>
#include <charconv>

#include "base/ascii.hpp"
#include "server/net/http_grammar.hpp"

namespace couponhook::server {
namespace {

/// Largest number of hexadecimal digits in the size of a chunk: 16 digits are 64 bits. A longer
/// number would only add leading zeros or overflow.
constexpr std::size_t kSizeDigitsMax = 16;
constexpr std::string_view kLineEnd = "\r\n";

void skip_blanks(std::string_view& text) {
  text.remove_prefix(std::min(text.find_first_not_of(" \t"), text.size()));
}

/// Removes an HTTP token (a name, such as a header name) from the front of `text`. \return false if
/// `text` does not begin with a token.
bool skip_token(std::string_view& text) {
  std::size_t size = 0;
  while (size < text.size() && is_token(text.substr(size, 1))) ++size;
  text.remove_prefix(size);
  return size != 0;
}

bool skip_quoted(std::string_view& text) {
  for (std::size_t i = 1; i < text.size(); ++i) {
    if (text[i] == '\\') {
      ++i;
    } else if (text[i] == '"') {
      text.remove_prefix(i + 1);
      return true;
    }
  }
  return false;
}

/// Checks the syntax of chunk extensions, the optional parameters behind the size of a chunk. RFC
/// 9112, section 7.1.1, defines the syntax:
///
/// *( BWS ";" BWS name [ BWS "=" BWS ( token / quoted-string ) ] )
/// \return true if the syntax is valid.
bool are_extensions(std::string_view text) {
  while (!text.empty()) {
    skip_blanks(text);
    if (!text.starts_with(';')) return false;
    text.remove_prefix(1);
    skip_blanks(text);
    if (!skip_token(text)) return false;
    std::string_view value = text;
    skip_blanks(value);
    if (!value.starts_with('=')) continue;
    value.remove_prefix(1);
    skip_blanks(value);
    if (value.starts_with('"') ? !skip_quoted(value) : !skip_token(value)) return false;
    text = value;
  }
  return true;
}

}  // namespace

void ChunkedDecoder::put(std::string_view& bytes, std::string& body) {
  while (!bytes.empty() && state_ == State::kMore) {
    if (phase_ == Phase::kData) {
      put_data(bytes, body);
    } else if (phase_ == Phase::kDataEnd) {
      put_data_end(bytes);
    } else {
      put_line(bytes);
    }
  }
}

void ChunkedDecoder::put_data(std::string_view& bytes, std::string& body) {
  const std::size_t size = std::min(chunk_left_, bytes.size());
  body += bytes.substr(0, size);
  bytes.remove_prefix(size);
  chunk_left_ -= size;
  if (chunk_left_ == 0) phase_ = Phase::kDataEnd;
}

/// Consumes the line end (CR LF) that follows the data of a chunk.
void ChunkedDecoder::put_data_end(std::string_view& bytes) {
  if (bytes.front() != kLineEnd[line_.size()]) {
    state_ = State::kMalformed;
    return;
  }
  line_ += bytes.front();
  bytes.remove_prefix(1);
  if (line_.size() < kLineEnd.size()) return;
  line_.clear();
  phase_ = Phase::kSize;
}

void ChunkedDecoder::put_line(std::string_view& bytes) {
  const bool is_size = phase_ == Phase::kSize;
  // A chunk size must begin with a hexadecimal digit. Any other byte is refused at once, before the
  // rest of the line comes.
  if (is_size && line_.empty() && !base::is_hex_digit(bytes.front())) {
    state_ = State::kMalformed;
    return;
  }
  // The digits of the chunk size do not count as overhead, so that a body may have many small
  // chunks.
  const std::size_t most = kLineEnd.size() + overhead_left_ + (is_size ? kSizeDigitsMax : 0);
  switch (take_line(bytes, line_, 0, most)) {
    case LineStatus::kMore:
      return;
    case LineStatus::kBad:
      state_ = State::kMalformed;
      return;
    case LineStatus::kTooLong:
      state_ = State::kOverheadTooLarge;
      return;
    case LineStatus::kLine:
      break;
  }
  const std::string_view line = std::string_view(line_).substr(0, line_.size() - kLineEnd.size());
  if (is_size) {
    begin_chunk(line);
  } else {
    take_trailer(line);
  }
  line_.clear();
}

void ChunkedDecoder::begin_chunk(std::string_view line) {
  std::size_t size = 0;
  const auto [end, ec] = std::from_chars(line.data(), line.data() + line.size(), size, 16);
  const auto digits = static_cast<std::size_t>(end - line.data());
  const std::string_view extensions = line.substr(digits);
  if (ec != std::errc() || digits > kSizeDigitsMax || !are_extensions(extensions)) {
    state_ = State::kMalformed;
  } else if (extensions.size() > overhead_left_) {
    state_ = State::kOverheadTooLarge;
  } else if (size > body_left_) {
    state_ = State::kBodyTooLarge;
  } else {
    overhead_left_ -= extensions.size();
    body_left_ -= size;
    chunk_left_ = size;
    phase_ = size == 0 ? Phase::kTrailers : Phase::kData;
  }
}

void ChunkedDecoder::take_trailer(std::string_view line) {
  const std::size_t colon = line.find(':');
  if (line.empty()) {
    state_ = State::kDone;
  } else if (colon == std::string_view::npos || !is_token(line.substr(0, colon))) {
    state_ = State::kMalformed;
  } else if (line.size() + kLineEnd.size() > overhead_left_) {
    state_ = State::kOverheadTooLarge;
  } else {
    overhead_left_ -= line.size() + kLineEnd.size();
  }
}

}  // namespace couponhook::server
