#pragma once

/// \file
/// Kind and size of an image, read from the bytes of its file: JPG, PNG and BMP. The picture itself
/// is not decoded.

#include <cstdint>
#include <string_view>

#include <boost/system/result.hpp>

#include "base/detailed_error.hpp"

namespace couponhook::wechatpay {

enum class ImageKind : std::uint8_t { kJpeg, kPng, kBmp };

/// Returns the kind of an image as text: "JPG", "PNG" or "BMP".
[[nodiscard]] std::string_view to_string(ImageKind kind);

struct ImageHeader {
  ImageKind kind;
  std::uint32_t width;   ///< in pixels, from 1 to kImageSideMax
  std::uint32_t height;  ///< in pixels, from 1 to kImageSideMax
};

/// Largest accepted width and height of an image, in pixels. It is far above every size that WeChat
/// Pay asks for, and far below the sizes in damaged or hostile files.
inline constexpr std::uint32_t kImageSideMax = 16'384;

enum class ImageFault : std::uint8_t {
  kEmpty = 1,
  kUnknownKind = 2,  ///< the first bytes are those of no kind of file that this code knows
  kOtherKind = 3,    ///< the file has another kind, such as GIF
  kCutShort = 4,     ///< the end of the file is missing
  kDamaged = 5,      ///< the bytes break a rule of the kind of file
  kTooWide = 6,      ///< width or height is above kImageSideMax
};
/// Returns the message for a fault, without the name of the file.
[[nodiscard]] std::string_view describe(ImageFault fault);
using ImageFailure = base::DetailedError<ImageFault>;

/// Finds out by its content which kind of image a file is and how large it is, and checks that the
/// file is whole: that no part is cut off, and for PNG that every checksum is right. WeChat Pay
/// replies to damaged images with "system busy", which says nothing of the cause.
///
/// Thread-safe; takes time in proportion to the size of the content.
/// \param content all bytes of the file.
[[nodiscard]] boost::system::result<ImageHeader, ImageFailure> read_image_header(
    std::string_view content);

}  // namespace couponhook::wechatpay
