#include "wechatpay/image_upload.hpp"

#include <algorithm>
#include <utility>

#include "base/ascii.hpp"
#include "base/json_writer.hpp"
#include "base/url.hpp"
#include "crypto/digest.hpp"
#include "wechatpay/json_view.hpp"

namespace couponhook::wechatpay {
namespace {

constexpr std::size_t kNameMax = 128;
constexpr std::size_t kUrlMax = 256;
constexpr std::size_t kLogoBytesMax = 1024 * 1024;

/// The facts about a kind of image that the form contains.
struct KindFacts {
  std::string_view suffix;
  std::string_view content_type;
};

constexpr KindFacts facts_of(ImageKind kind) {
  switch (kind) {
    case ImageKind::kJpeg:
      return {".jpg", "image/jpeg"};
    case ImageKind::kPng:
      return {".png", "image/png"};
    case ImageKind::kBmp:
      break;
  }
  return {".bmp", "image/bmp"};
}

/// Returns true for a character that is safe both within quotes in the header of the form's part
/// and in JSON. Quotes, backslashes, percent signs and semicolons are not: readers of forms treat
/// them differently.
bool is_safe(char c) {
  return base::is_alphanumeric(c) ||
         std::string_view("._-()+@, ").find(c) != std::string_view::npos;
}

/// Returns the name without a suffix that names a kind of image, whether it is the right one or
/// not.
std::string_view without_suffix(std::string_view name) {
  for (const std::string_view suffix :
       {".jpg", ".jpeg", ".jpe", ".jfif", ".png", ".bmp", ".dib", ".gif", ".webp"}) {
    if (name.size() >= suffix.size() &&
        base::equals_ignoring_case(name.substr(name.size() - suffix.size()), suffix)) {
      return name.substr(0, name.size() - suffix.size());
    }
  }
  return name;
}

std::string text_of(const PixelSize& size) {
  return std::to_string(size.width) + " x " + std::to_string(size.height) + " pixels";
}

/// Checks the rules for one field of a new stock (batch of coupons). Source: WeChat Pay's
/// documentation of pattern_info, as quoted in public SDKs.
void check_use(Rules& rules, const ImageUpload& upload, ImageUse use) {
  if (use == ImageUse::kAny) return;
  const bool is_logo = use == ImageUse::kMerchantLogo;
  const PixelSize wanted = is_logo ? kMerchantLogoSize : kCouponImageSize;
  const std::string field = is_logo ? "merchant_logo" : "coupon_image";
  const PixelSize size{upload.header.width, upload.header.height};
  rules.check(size == wanted, field,
              "must have " + text_of(wanted) + ", and the file has " + text_of(size));
  rules.check(upload.header.kind != ImageKind::kBmp, field,
              "must be JPG or PNG, and the file is BMP");
  rules.check(!is_logo || upload.content.size() < kLogoBytesMax, field,
              "must be smaller than 1 MB (1048576 bytes)");
}

}  // namespace

std::string upload_name(std::string_view file_name, ImageKind kind, std::string_view content) {
  const std::string_view suffix = facts_of(kind).suffix;
  const std::string_view stem = without_suffix(file_name);
  const bool has_suffix = base::equals_ignoring_case(file_name.substr(stem.size()), suffix);
  std::string name = has_suffix ? std::string(file_name) : std::string(stem).append(suffix);
  if (!stem.empty() && name.size() <= kNameMax && std::ranges::all_of(name, is_safe)) return name;
  constexpr std::size_t kDigits = 12;
  return "image-" + crypto::to_hex(crypto::sha256(content)).substr(0, kDigits).append(suffix);
}

CheckedImage check_image(std::string_view file_name, std::string content, ImageUse use) {
  Rules rules;
  rules.check(content.size() <= kImageBytesMax, "size",
              "is " + std::to_string(content.size()) +
                  " bytes; WeChat Pay takes at most 2 MB (2097152 bytes): save it smaller");
  const auto header = read_image_header(content);
  if (!header) {
    rules.check(false, "content", header.error().text());
    return {std::nullopt, std::move(rules).take()};
  }
  std::string name = upload_name(file_name, header->kind, content);
  ImageUpload upload{std::move(name), std::move(content), *header};
  check_use(rules, upload, use);
  return {std::move(upload), std::move(rules).take()};
}

ApiRequest upload_image_request(const ImageUpload& upload) {
  const std::string hash = crypto::to_hex(crypto::sha256(upload.content));
  base::JsonWriter meta;
  meta.begin().text("filename", upload.name).text("sha256", hash).end();
  // The boundary holds half of the content's hash, so the content cannot hold the boundary. It is
  // not quoted in the header: users report that WeChat Pay takes quotes for a part of it.
  const std::string boundary = "couponhook-" + hash.substr(0, 32);
  std::string body;
  body.reserve(upload.content.size() + 1024);
  body.append("--").append(boundary).append("\r\n");
  // A file name in this header makes WeChat Pay answer SIGN_ERROR (reported by users).
  body.append("Content-Disposition: form-data; name=\"meta\"\r\n");
  body.append("Content-Type: application/json\r\n\r\n").append(meta.take()).append("\r\n");
  body.append("--").append(boundary).append("\r\n");
  body.append("Content-Disposition: form-data; name=\"file\"; filename=\"").append(upload.name);
  body.append("\"\r\nContent-Type: ").append(facts_of(upload.header.kind).content_type);
  body.append("\r\n\r\n").append(upload.content).append("\r\n");
  body.append("--").append(boundary).append("--\r\n");
  ApiRequest request{Api::kImageUpload, "POST", std::string(spec_of(Api::kImageUpload).path),
                     std::move(body)};
  request.content_type = "multipart/form-data; boundary=" + boundary;
  request.signed_text = meta.take();
  return request;
}

ApiResult<UploadedImage> parse_uploaded_image(std::string_view body) {
  const auto json = JsonText::parse(body);
  if (!json) return unreadable(Api::kImageUpload, "JSON object");
  UploadedImage image{json->root().text("media_url")};
  if (image.media_url.size() > kUrlMax || !base::parse_url(image.media_url)) {
    return unreadable(Api::kImageUpload, "media_url");
  }
  return image;
}

}  // namespace couponhook::wechatpay
