#include "wechatpay/image_header.hpp"

#include <algorithm>
#include <array>
#include <optional>
#include <string>
#include <utility>

#include <boost/crc.hpp>

#include "base/ascii.hpp"

namespace couponhook::wechatpay {
namespace {

using Result = boost::system::result<ImageHeader, ImageFailure>;
using namespace std::string_view_literals;

constexpr std::string_view kPngMark = "\x89PNG\r\n\x1A\n"sv;
constexpr std::string_view kJpegMark = "\xFF\xD8\xFF"sv;

/// Returns the unsigned number in `count` bytes (at most 4), the most significant byte first. The
/// caller must check that the bytes exist.
std::uint32_t big_endian(std::string_view bytes, std::size_t at, std::size_t count) {
  std::uint32_t value = 0;
  for (const char c : bytes.substr(at, count)) value = value << 8U | static_cast<unsigned char>(c);
  return value;
}

/// Like big_endian(), with the least significant byte first.
std::uint32_t little_endian(std::string_view bytes, std::size_t at, std::size_t count) {
  std::string reversed(bytes.substr(at, count));
  std::ranges::reverse(reversed);
  return big_endian(reversed, 0, count);
}

ImageFailure damaged(std::string why) {
  return {ImageFault::kDamaged, std::move(why)};
}
ImageFailure cut_short(std::string why) {
  return {ImageFault::kCutShort, std::move(why)};
}

Result checked(ImageKind kind, std::uint32_t width, std::uint32_t height) {
  if (width == 0 || height == 0) return damaged("its width or height is 0");
  if (width > kImageSideMax || height > kImageSideMax) {
    return ImageFailure(ImageFault::kTooWide, std::to_string(width), std::to_string(height),
                        std::to_string(kImageSideMax));
  }
  return ImageHeader{kind, width, height};
}

/// Reads the chunks of a PNG file. Source: W3C, "Portable Network Graphics", sections 5 and 11.2.
class PngReader {
 public:
  explicit PngReader(std::string_view content) : rest_(content.substr(kPngMark.size())) {}

  Result read() {
    if (const auto fault = next(); !fault.empty()) return fault_of(fault);
    if (name_ != "IHDR" || data_.size() != 13) return damaged("its first chunk is not IHDR");
    auto header = read_header(data_);
    bool has_picture = false;
    while (header) {
      if (const auto fault = next(); !fault.empty()) return fault_of(fault);
      has_picture = has_picture || name_ == "IDAT";
      if (name_ == "IHDR") return damaged("it has two IHDR chunks");
      if (name_ == "IEND") break;
    }
    if (header && !has_picture) return damaged("it has no IDAT chunk");
    return header;
  }

 private:
  static Result read_header(std::string_view data) {
    const std::uint32_t depth = big_endian(data, 8, 1);
    const std::uint32_t colour = big_endian(data, 9, 1);
    const bool palette = colour == 3;
    const bool grey = colour == 0;
    const bool known_colour = grey || palette || colour == 2 || colour == 4 || colour == 6;
    const bool known_depth = depth == 8 || (depth == 16 && !palette) ||
                             ((grey || palette) && (depth == 1 || depth == 2 || depth == 4));
    const bool known_methods = big_endian(data, 10, 2) == 0 && big_endian(data, 12, 1) <= 1;
    if (!known_colour || !known_depth || !known_methods) {
      return damaged("its IHDR chunk has values that PNG does not have");
    }
    return checked(ImageKind::kPng, big_endian(data, 0, 4), big_endian(data, 4, 4));
  }

  /// Reads the next chunk into name_ and data_.
  /// \return an empty text, or what is wrong with the chunk. is_cut_ tells whether it is cut off.
  std::string next() {
    constexpr std::size_t kAround = 12;  // length, name and checksum
    is_cut_ = rest_.size() < kAround || big_endian(rest_, 0, 4) > rest_.size() - kAround;
    if (is_cut_) return "it ends before its IEND chunk";
    const std::size_t length = big_endian(rest_, 0, 4);
    name_ = rest_.substr(4, 4);
    data_ = rest_.substr(8, length);
    boost::crc_32_type checksum;
    checksum.process_bytes(name_.data(), 4 + length);
    if (checksum.checksum() != big_endian(rest_, 8 + length, 4)) {
      return "the checksum of a chunk is wrong, so bytes were changed";
    }
    rest_.remove_prefix(kAround + length);
    return {};
  }

  [[nodiscard]] ImageFailure fault_of(const std::string& fault) const {
    return is_cut_ ? cut_short(fault) : damaged(fault);
  }

  std::string_view rest_;
  std::string_view name_;
  std::string_view data_;
  bool is_cut_ = false;
};

/// Reads the segments of a JPG file. Source: ITU-T T.81, annex B.
class JpegReader {
 public:
  explicit JpegReader(std::string_view content) : content_(content) {}

  Result read() {
    while (true) {
      if (at_ >= content_.size()) return cut_short("it ends before its end marker");
      if (byte(at_) != 0xFF) return damaged("it has no marker at byte " + std::to_string(at_));
      while (at_ < content_.size() && byte(at_) == 0xFF) ++at_;
      if (at_ >= content_.size()) return cut_short("it ends before its end marker");
      const unsigned marker = byte(at_++);
      if (marker == kEnd) break;
      if (marker == 0x01 || is_restart(marker)) continue;
      const auto segment = take_segment();
      if (!segment) return cut_short("it ends within a segment");
      if (is_frame(marker) && !read_frame(*segment)) {
        return damaged("its frame header has no usable size");
      }
      if (marker != kScan) continue;
      if (height_ == 0) return damaged("its picture comes before its size");
      has_picture_ = true;
      skip_picture();
    }
    if (!has_picture_) return damaged("it has no picture data");
    return checked(ImageKind::kJpeg, width_, height_);
  }

 private:
  static constexpr unsigned kEnd = 0xD9;
  static constexpr unsigned kScan = 0xDA;

  [[nodiscard]] unsigned byte(std::size_t at) const {
    return static_cast<unsigned char>(content_[at]);
  }
  static bool is_restart(unsigned marker) { return marker >= 0xD0 && marker <= 0xD7; }
  static bool is_frame(unsigned marker) {
    return marker >= 0xC0 && marker <= 0xCF && marker != 0xC4 && marker != 0xC8 && marker != 0xCC;
  }

  /// Returns the bytes of the segment at at_, without its length, and moves at_ behind it; nothing
  /// if the segment is cut off.
  std::optional<std::string_view> take_segment() {
    if (content_.size() - at_ < 2) return std::nullopt;
    const std::size_t length = big_endian(content_, at_, 2);
    if (length < 2 || length > content_.size() - at_) return std::nullopt;
    const std::string_view segment = content_.substr(at_ + 2, length - 2);
    at_ += length;
    return segment;
  }

  bool read_frame(std::string_view segment) {
    if (segment.size() < 6) return false;
    height_ = big_endian(segment, 1, 2);
    width_ = big_endian(segment, 3, 2);
    const std::size_t components = big_endian(segment, 5, 1);
    return height_ != 0 && width_ != 0 && components != 0 && segment.size() == 6 + 3 * components;
  }

  /// Moves at_ behind the compressed picture data, to the next marker. Within the data, 0xFF is
  /// followed by 0x00 or is a restart marker.
  void skip_picture() {
    while (at_ < content_.size()) {
      at_ = std::min(content_.find('\xFF', at_), content_.size());
      if (at_ + 1 >= content_.size()) {
        at_ = content_.size();
        return;
      }
      const unsigned next = byte(at_ + 1);
      if (next != 0x00 && !is_restart(next)) return;
      at_ += 2;
    }
  }

  std::string_view content_;
  std::size_t at_ = 2;  // behind the marker that begins every JPG file
  std::uint32_t width_ = 0;
  std::uint32_t height_ = 0;
  bool has_picture_ = false;
};

/// Reads the headers of a BMP file. Source: Microsoft, "Bitmap storage" (BITMAPFILEHEADER,
/// BITMAPCOREHEADER, BITMAPINFOHEADER and its extensions).
Result read_bmp(std::string_view content) {
  constexpr std::size_t kFileHeader = 14;
  constexpr std::array<std::uint32_t, 7> kHeaderSizes = {12, 40, 52, 56, 64, 108, 124};
  if (content.size() < kFileHeader + 12) return cut_short("it ends within its header");
  const std::uint32_t header_size = little_endian(content, kFileHeader, 4);
  if (std::ranges::find(kHeaderSizes, header_size) == kHeaderSizes.end()) {
    return damaged("its header has no known size");
  }
  if (content.size() < kFileHeader + header_size) return cut_short("it ends within its header");
  const bool is_core = header_size == 12;
  const std::size_t side = is_core ? 2 : 4;
  const std::uint32_t width = little_endian(content, 18, side);
  std::uint32_t height = little_endian(content, 18 + side, side);
  // A negative height means that the rows are stored from top to bottom.
  if (!is_core && height > 0x8000'0000U) height = 0U - height;
  const std::uint32_t planes = little_endian(content, 18 + 2 * side, 2);
  const std::uint64_t bits = little_endian(content, 20 + 2 * side, 2);
  constexpr std::array<std::uint64_t, 6> kBits = {1, 4, 8, 16, 24, 32};
  if (planes != 1 || std::ranges::find(kBits, bits) == kBits.end()) {
    return damaged("its header has values that BMP does not have");
  }
  auto header = checked(ImageKind::kBmp, width, height);
  if (!header) return header;
  const std::uint32_t compression = is_core ? 0 : little_endian(content, 30, 4);
  const bool is_run_length = compression == 1 || compression == 2;
  if (!is_run_length && compression != 0 && compression != 3 && compression != 6) {
    return damaged("its picture has a compression that BMP viewers do not read");
  }
  const std::uint64_t row = (width * bits + 31) / 32 * 4;
  const std::uint64_t picture = is_run_length ? little_endian(content, 34, 4) : row * height;
  const std::uint64_t begin = little_endian(content, 10, 4);
  if (begin < kFileHeader + header_size) return damaged("its picture begins within its header");
  if (begin + picture > content.size()) {
    return cut_short("it has " + std::to_string(content.size()) + " bytes of " +
                     std::to_string(begin + picture));
  }
  return header;
}

/// The beginnings of files of other kinds that people take for images that every API accepts.
struct OtherKind {
  std::string_view name;
  std::size_t at;  ///< offset of the mark in the file, in bytes
  std::string_view mark;
};
constexpr std::array kOtherKinds = std::to_array<OtherKind>({
    {"a GIF image", 0, "GIF8"},
    {"a WebP image", 8, "WEBP"},
    {"a HEIC or AVIF image", 4, "ftyp"},
    {"a TIFF image", 0, "II*\0"sv},
    {"a TIFF image", 0, "MM\0*"sv},
    {"an icon file (ICO)", 0, "\0\0\x01\0"sv},
    {"a Photoshop file", 0, "8BPS"},
    {"a PDF document", 0, "%PDF"},
    {"a ZIP archive", 0, "PK\x03\x04"},
    {"an SVG image", 0, "<svg"},
    {"XML text, such as an SVG image", 0, "<?xml"},
    {"a web page", 0, "<!doctype"},
    {"a web page", 0, "<html"},
});

ImageFailure name_other_kind(std::string_view content) {
  for (const OtherKind& kind : kOtherKinds) {
    if (content.size() < kind.at + kind.mark.size()) continue;
    if (base::starts_ignoring_case(content.substr(kind.at), kind.mark)) {
      return {ImageFault::kOtherKind, std::string(kind.name)};
    }
  }
  return ImageFault::kUnknownKind;
}

}  // namespace

std::string_view to_string(ImageKind kind) {
  switch (kind) {
    case ImageKind::kJpeg:
      return "JPG";
    case ImageKind::kPng:
      return "PNG";
    case ImageKind::kBmp:
      break;
  }
  return "BMP";
}

std::string_view describe(ImageFault fault) {
  switch (fault) {
    case ImageFault::kEmpty:
      return "is empty";
    case ImageFault::kUnknownKind:
      return "is no image: its first bytes are not those of a JPG, PNG or BMP file";
    case ImageFault::kOtherKind:
      return "is {}, which WeChat Pay does not take: save it as JPG, PNG or BMP";
    case ImageFault::kCutShort:
      return "is cut short: {}; copy or export it again";
    case ImageFault::kDamaged:
      return "is damaged: {}; export it again";
    case ImageFault::kTooWide:
      return "has {} x {} pixels; at most {} in each direction are accepted";
  }
  return "unknown fault";
}

Result read_image_header(std::string_view content) {
  if (content.empty()) return ImageFailure(ImageFault::kEmpty);
  if (content.starts_with(kPngMark)) return PngReader(content).read();
  if (content.starts_with(kJpegMark)) return JpegReader(content).read();
  if (content.starts_with("BM")) return read_bmp(content);
  return name_other_kind(content);
}

}  // namespace couponhook::wechatpay
