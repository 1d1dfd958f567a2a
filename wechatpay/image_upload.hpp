#pragma once

/// \file
/// The API request that uploads an image for the marketing APIs (图片上传, 营销专用). The reply is
/// the URL that a new stock (batch of coupons) takes as merchant_logo or coupon_image.
///
/// Source: WeChat Pay's documentation, page cash-coupons/upload-image; for the sizes in pixels the
/// page of the API that creates a stock, as quoted in public SDKs. WeChat Pay publishes no table of
/// errors for this API; reports of users are marked as such.

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "wechatpay/api_error.hpp"
#include "wechatpay/image_header.hpp"
#include "wechatpay/validation.hpp"

namespace couponhook::wechatpay {

/// Largest image that WeChat Pay takes, in bytes: "2M".
inline constexpr std::size_t kImageBytesMax = 2 * 1024 * 1024;

/// The field of a new stock (batch of coupons) for which an image is meant. WeChat Pay asks for an
/// exact size in pixels for each.
enum class ImageUse : std::uint8_t {
  kAny,           ///< another use: only the rules for all images are checked
  kMerchantLogo,  ///< pattern_info.merchant_logo: kMerchantLogoSize, JPG or PNG, less than 1 MB
  kCouponImage,   ///< pattern_info.coupon_image: kCouponImageSize, JPG or PNG
};

/// Width and height of an image in pixels.
struct PixelSize {
  std::uint32_t width;
  std::uint32_t height;

  friend bool operator==(const PixelSize&, const PixelSize&) = default;
};
inline constexpr PixelSize kMerchantLogoSize{120, 120};
inline constexpr PixelSize kCouponImageSize{850, 350};

/// An image that is ready to be sent.
struct ImageUpload {
  /// File name that WeChat Pay is told: 1 to 128 ASCII characters that end in .jpg, .png or .bmp.
  std::string name;
  std::string content;  ///< all bytes of the file
  ImageHeader header;
};

/// An image file, and all rules of WeChat Pay that it breaks. Send the image only if there are
/// none.
struct CheckedImage {
  /// The image; nothing if the file is no usable image.
  std::optional<ImageUpload> upload;
  std::vector<RuleViolation> violations;
};

/// Checks an image file: its kind by its content, that it is whole, its size in bytes and pixels.
/// \param file_name name of the file, without folders. WeChat Pay is told upload_name() instead.
[[nodiscard]] CheckedImage check_image(std::string_view file_name, std::string content,
                                       ImageUse use);

/// Returns the file name that WeChat Pay is told. The merchant may choose it (商户自定义). The name
/// of the file is kept if WeChat Pay takes it. A missing or wrong suffix is replaced by that of the
/// content. A name that is empty, too long or not plain ASCII is replaced as a whole: users report
/// that WeChat Pay answers SYSTEM_ERROR to Chinese names.
[[nodiscard]] std::string upload_name(std::string_view file_name, ImageKind kind,
                                      std::string_view content);

/// Makes the request: a form with two parts, `meta` (JSON with the name and the SHA-256 of the
/// file) and `file`. Only `meta` is signed.
/// \param upload an image for which check_image() found no broken rule.
[[nodiscard]] ApiRequest upload_image_request(const ImageUpload& upload);

struct UploadedImage {
  std::string media_url;  ///< URL of the image, at most 256 characters; valid for ever
};
[[nodiscard]] ApiResult<UploadedImage> parse_uploaded_image(std::string_view body);

}  // namespace couponhook::wechatpay
