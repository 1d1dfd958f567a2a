#pragma once

/// \file
/// Character encodings of flow files: UTF-8 as the API gives it, GB18030 as the merchant console
/// exports it, UTF-16 as spreadsheets save "Unicode text".

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

namespace couponhook::wechatpay {

/// Turns a file's bytes, in pieces of any size, into UTF-8. The encoding is told by the byte order
/// mark, or by what the first 64 KiB that are not ASCII can be. A character that is none becomes
/// U+FFFD: one damaged name must not cost the file.
class FlowText {
 public:
  FlowText();
  FlowText(FlowText&&) noexcept;
  ~FlowText();

  /// Appends what of the text is certain by now.
  /// \return false where it is no text; see problem().
  bool feed(std::string_view bytes, std::string& text);
  bool finish(std::string& text);

  /// "UTF-8", "GB18030", "UTF-16LE" or "UTF-16BE".
  [[nodiscard]] std::string_view encoding() const { return encoding_; }
  /// What the file is instead of text, and what to do about it.
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
