#pragma once

/// \file
/// Converts flow files (WeChat Pay's settlement files) to UTF-8. The files have different
/// encodings: UTF-8 (from the API), GB18030 (from the merchant console), or UTF-16 (saved by
/// spreadsheet programs as "Unicode text").

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

namespace couponhook::wechatpay {

/// Converts the bytes of a flow file (WeChat Pay's settlement file) to UTF-8, in pieces of any
/// size. UTF-16 is detected by its byte order mark or by NUL bytes at the beginning of the file. In
/// other files, up to 64 KiB of text after the first non-ASCII byte are examined to decide between
/// UTF-8 and GB18030. An invalid character is replaced by U+FFFD, because one damaged name must not
/// make the whole file unusable.
class FlowText {
 public:
  FlowText();
  FlowText(FlowText&&) noexcept;
  ~FlowText();

  /// Converts the next piece of the flow file, and appends all text that can already be decoded to
  /// `text`.
  /// \return false if the file is not a text file; problem() then gives the reason.
  bool feed(std::string_view bytes, std::string& text);
  /// Tells the converter that the flow file has ended, and appends the rest of the text to `text`.
  /// \return false if the file is not a text file; problem() then gives the reason.
  bool finish(std::string& text);

  /// Returns the detected encoding of the flow file: "UTF-8", "GB18030", "UTF-16LE" or "UTF-16BE".
  [[nodiscard]] std::string_view encoding() const { return encoding_; }
  /// Returns the reason why the file is not a text file, with advice. The words continue a sentence
  /// that begins with "it", for example "it is neither UTF-8 nor GB18030 (GBK): save it as UTF-8".
  [[nodiscard]] const std::string& problem() const { return problem_; }

 private:
  class Converter;
  enum class State : std::uint8_t { kNew, kAscii, kUtf8, kConverted, kFailed };

  bool work(bool is_last, std::string& text);
  void detect_encoding();
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
