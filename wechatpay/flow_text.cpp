#include "wechatpay/flow_text.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <utility>

#include <iconv.h>

namespace couponhook::wechatpay {
namespace {

constexpr std::string_view kReplacementCharacter = "\xEF\xBF\xBD";
/// Length of the beginning of a file, in bytes, in which NUL bytes are counted to detect UTF-16.
constexpr std::size_t kBeginningBytes = 1024;
/// Number of bytes of a file that are examined to decide between UTF-8 and GB18030. In a shorter
/// text, both encodings may be possible.
constexpr std::size_t kSampleBytes = 64 * 1024;

bool is_ascii(char c) {
  return static_cast<unsigned char>(c) < 0x80;
}

/// Returns the length in bytes of the UTF-8 character at the beginning of `text`; 0 if the text
/// does not begin with a valid UTF-8 character.
std::size_t utf8_size(std::string_view text) {
  const auto byte = [&](std::size_t at) { return static_cast<unsigned char>(text[at]); };
  if (is_ascii(text[0])) return 1;
  const std::size_t size = byte(0) >= 0xF0 ? 4 : byte(0) >= 0xE0 ? 3 : 2;
  if (byte(0) < 0xC2 || byte(0) > 0xF4 || text.size() < size) return 0;
  for (std::size_t at = 1; at < size; ++at) {
    if ((byte(at) & 0xC0) != 0x80) return 0;
  }
  // Refuse bytes that are not valid UTF-8: overlong forms, surrogates, and code points above
  // U+10FFFF.
  const bool is_wrong = (byte(0) == 0xE0 && byte(1) < 0xA0) ||
                        (byte(0) == 0xED && byte(1) > 0x9F) ||
                        (byte(0) == 0xF0 && byte(1) < 0x90) || (byte(0) == 0xF4 && byte(1) > 0x8F);
  return is_wrong ? 0 : size;
}

/// Returns true if `text` is the beginning of a UTF-8 character whose other bytes may follow.
bool may_be_continued(std::string_view text) {
  const auto first = static_cast<unsigned char>(text[0]);
  const std::size_t size = first >= 0xF0 ? 4 : first >= 0xE0 ? 3 : 2;
  return first >= 0xC2 && first <= 0xF4 && text.size() < size &&
         std::ranges::all_of(text.substr(1), [](char c) { return (c & 0xC0) == 0x80; });
}

std::size_t count_no_utf8(std::string_view text) {
  std::size_t count = 0;
  while (!text.empty()) {
    const std::size_t size = utf8_size(text);
    if (size == 0 && may_be_continued(text)) break;
    count += size == 0 ? 1U : 0U;
    text.remove_prefix(std::max<std::size_t>(size, 1));
  }
  return count;
}

}  // namespace

/// Converts text from one encoding to UTF-8 with glibc's iconv. The converter keeps its state from
/// one piece of a file to the next.
class FlowText::Converter {
 public:
  explicit Converter(std::string_view encoding)
      : unit_bytes_(encoding.starts_with("UTF-16") ? 2 : 1),
        handle_(iconv_open("UTF-8", std::string(encoding).c_str())) {}
  Converter(const Converter&) = delete;
  Converter& operator=(const Converter&) = delete;
  ~Converter() {
    if (is_open()) iconv_close(handle_);
  }

  [[nodiscard]] bool is_open() const { return handle_ != reinterpret_cast<iconv_t>(-1); }
  [[nodiscard]] std::size_t replaced() const { return replaced_; }

  /// Converts as many of the `bytes` as possible to UTF-8 and removes them from `bytes`. Converts
  /// the last piece of the file completely.
  void convert(std::string& bytes, bool is_last, std::string& text) {
    char* from = bytes.data();
    std::size_t left = bytes.size();
    std::array<char, 8192> piece{};
    while (left > 0) {
      char* to = piece.data();
      std::size_t room = piece.size();
      const std::size_t done = iconv(handle_, &from, &left, &to, &room);
      const int why = done == static_cast<std::size_t>(-1) ? errno : 0;
      text.append(piece.data(), piece.size() - room);
      if (why == EINVAL && !is_last) break;
      if (why != EILSEQ && why != EINVAL) continue;
      text += kReplacementCharacter;
      ++replaced_;
      const std::size_t skipped = std::min(left, unit_bytes_);
      from += skipped;
      left -= skipped;
    }
    bytes.erase(0, bytes.size() - left);
  }

 private:
  std::size_t unit_bytes_;
  iconv_t handle_;
  std::size_t replaced_ = 0;
};

FlowText::FlowText() = default;
FlowText::FlowText(FlowText&&) noexcept = default;
FlowText::~FlowText() = default;

bool FlowText::feed(std::string_view bytes, std::string& text) {
  pending_ += bytes;
  return work(false, text);
}

bool FlowText::finish(std::string& text) {
  return work(true, text);
}

bool FlowText::work(bool is_last, std::string& text) {
  if (state_ == State::kNew) {
    if (!is_last && pending_.size() < kBeginningBytes) return true;
    detect_encoding();
  }
  if (state_ == State::kAscii && !take_ascii(is_last, text)) return true;
  if (state_ == State::kUtf8) take_utf8(is_last, text);
  if (state_ == State::kConverted) converter_->convert(pending_, is_last, text);
  return state_ != State::kFailed;
}

void FlowText::detect_encoding() {
  const std::string_view begin(pending_);
  const auto starts = [&](std::string_view mark) { return begin.starts_with(mark); };
  using namespace std::string_view_literals;
  if (starts("PK\x03\x04")) {
    return fail("is an Excel workbook (.xlsx): open it and save it as CSV UTF-8");
  }
  if (starts("\xD0\xCF\x11\xE0")) {
    return fail("is an Excel workbook (.xls): open it and save it as CSV UTF-8");
  }
  if (starts("\x1F\x8B")) return fail("is compressed (gzip): decompress it first");
  if (starts("\xFF\xFE\0\0"sv) || starts("\0\0\xFE\xFF"sv)) {
    return fail("is in UTF-32, which is not read: save it as UTF-8");
  }
  if (starts("\xEF\xBB\xBF")) {
    pending_.erase(0, 3);
    state_ = State::kUtf8;
    return;
  }
  if (starts("\xFF\xFE") || starts("\xFE\xFF")) {
    const bool is_little_endian = starts("\xFF\xFE");
    pending_.erase(0, 2);
    return convert_from(is_little_endian ? "UTF-16LE" : "UTF-16BE");
  }
  // In a UTF-16 text of mainly commas and digits, nearly every second byte is NUL, either always at
  // even offsets or always at odd offsets.
  const std::string_view sample = begin.substr(0, kBeginningBytes);
  std::array<std::size_t, 2> zeros{};
  for (std::size_t at = 0; at < sample.size(); ++at) zeros[at % 2] += sample[at] == '\0' ? 1U : 0U;
  // Treat a small number of NUL bytes (at most one in 16 bytes) as damage of the file and not as a
  // sign of UTF-16.
  constexpr std::size_t kRare = 16;
  if (zeros[0] + zeros[1] <= sample.size() / kRare) {
    state_ = State::kAscii;
  } else if (zeros[1] > 4 * zeros[0]) {
    convert_from("UTF-16LE");
  } else if (zeros[0] > 4 * zeros[1]) {
    convert_from("UTF-16BE");
  } else {
    fail("is no text in UTF-8, GB18030 (GBK) or UTF-16");
  }
}

/// Copies ASCII bytes to the output, up to the first byte that is not ASCII.
/// \return true if the encoding of the rest of the text is known.
bool FlowText::take_ascii(bool is_last, std::string& text) {
  const auto end = std::ranges::find_if_not(pending_, is_ascii);
  text.append(pending_.begin(), end);
  pending_.erase(pending_.begin(), end);
  if (pending_.empty() || (!is_last && pending_.size() < kSampleBytes)) return false;
  decide();
  return true;
}

/// Chooses between UTF-8 and GB18030 for the file: the encoding with fewer invalid characters, or
/// UTF-8 if the numbers are equal. The file may contain a few invalid characters.
void FlowText::decide() {
  // Refuse the flow file if it has more than one invalid character in 20 bytes.
  constexpr std::size_t kTooMany = 20;
  const std::string_view sample = std::string_view(pending_).substr(0, kSampleBytes);
  const std::size_t no_utf8 = count_no_utf8(sample);
  state_ = State::kUtf8;
  if (no_utf8 == 0) return;
  Converter trial("GB18030");
  if (!trial.is_open()) {
    return fail(
        "is not UTF-8, and this system has no converter from GB18030 (GBK): save it as "
        "UTF-8");
  }
  std::string bytes(sample);
  std::string converted;
  trial.convert(bytes, false, converted);
  if (std::min(no_utf8, trial.replaced()) > sample.size() / kTooMany) {
    return fail("is neither UTF-8 nor GB18030 (GBK): save it as UTF-8");
  }
  if (trial.replaced() < no_utf8) convert_from("GB18030");
}

void FlowText::take_utf8(bool is_last, std::string& text) {
  std::string_view rest(pending_);
  while (!rest.empty()) {
    const std::size_t size = utf8_size(rest);
    if (size == 0 && !is_last && may_be_continued(rest)) break;
    text += size == 0 ? kReplacementCharacter : rest.substr(0, size);
    rest.remove_prefix(std::max<std::size_t>(size, 1));
  }
  pending_.erase(0, pending_.size() - rest.size());
}

void FlowText::convert_from(std::string_view encoding) {
  encoding_ = encoding;
  converter_ = std::make_unique<Converter>(encoding);
  state_ = State::kConverted;
  if (!converter_->is_open()) {
    fail("is in " + std::string(encoding) +
         ", from which this system has no converter: save it as UTF-8");
  }
}

void FlowText::fail(std::string problem) {
  problem_ = std::move(problem);
  pending_.clear();
  state_ = State::kFailed;
}

}  // namespace couponhook::wechatpay
