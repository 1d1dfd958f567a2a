#pragma once

/// \file
/// Converts flow files to UTF-8 from their encodings: UTF-8 (from the API), GB18030 (exported by
/// the merchant console), or UTF-16 (saved by spreadsheets as "Unicode text").

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

namespace couponhook::wechatpay {

/// Converts the bytes of a file to UTF-8, in pieces of any size. The encoding is detected by the
/// byte order mark or by NUL bytes at the beginning (UTF-16), else by up to 64 KiB of text from the
/// first non-ASCII byte on. An invalid character becomes U+FFFD, because one damaged name must not
/// make the whole file unusable.
class FlowText {
 public:
  FlowText();
  FlowText(FlowText&&) noexcept;
  ~FlowText();

  /// Converts the next piece, and appends all text that can already be decoded to `text`.
  /// \return false if the file is not text; see problem().
  bool feed(std::string_view bytes, std::string& text);
  /// Ends the file and appends the rest of its text. Returns false like feed().
  bool finish(std::string& text);

  /// The detected encoding: "UTF-8", "GB18030", "UTF-16LE" or "UTF-16BE".
  [[nodiscard]] std::string_view encoding() const { return encoding_; }
  /// The reason why the file is not text, with advice, to follow the word "it".
  [[nodiscard]] const std::string& problem() const { return problem_; }

 private:
  class Converter;
  enum class State : std::uint8_t { kNew, kAscii, kUtf8, kConverted, kFailed };

  bool work(bool is_last, std::string& text);
  void look_at_beginning();
  bool take_ascii(bool is_last, std::string& text);
  void decide();
  void take_utf8(bool is_last, std::string& text);
  void convert_from(std::string_view encoding);
  void fail(std::string problem);

  State state_ = State::kNew;
  std::string_view encoding_ = "UTF-8";
  std::string pending_;
  std::string problem_;
  std::unique_ptr<Converter> converter_;
};

}  // namespace couponhook::wechatpay
