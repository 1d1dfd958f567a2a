#include <ostream>

#include "base/printable.hpp"
#include "crypto/file.hpp"
#include "server/commands/outbound.hpp"
#include "wechatpay/image_upload.hpp"

namespace couponhook::server {
namespace {

using wechatpay::ImageUpload;
using wechatpay::ImageUse;

struct ImageOptions {
  std::filesystem::path file;
  std::string use;
  bool json = false;

  [[nodiscard]] ImageUse image_use() const {
    if (use == "merchant_logo") return ImageUse::kMerchantLogo;
    if (use == "coupon_image") return ImageUse::kCouponImage;
    return ImageUse::kAny;
  }
  [[nodiscard]] std::string shown_file() const {
    return file == "-" ? "standard input" : base::printable(file.string());
  }
  /// Returns the name of the file without folders; empty for the standard input.
  [[nodiscard]] std::string file_name() const {
    return file == "-" ? std::string() : file.filename().string();
  }
};

/// Reads the image and checks WeChat Pay's rules for it. Prints every problem; returns nothing if
/// there is one.
std::optional<ImageUpload> read_image(const ImageOptions& chosen, Runtime& runtime) {
  // More than WeChat Pay takes, so that the message about a photo that is too large names its size.
  constexpr std::size_t kReadMax = 16 * 1024 * 1024;
  const auto content = crypto::read_file(chosen.file == "-" ? "/dev/stdin" : chosen.file, kReadMax);
  if (!content) {
    print_problems(runtime, {{chosen.shown_file(), content.error().text()}});
    return std::nullopt;
  }
  auto checked = wechatpay::check_image(chosen.file_name(), std::string(content->reveal()),
                                        chosen.image_use());
  if (!checked.violations.empty()) {
    static_cast<void>(refuse(runtime, chosen.shown_file(), checked.violations));
    return std::nullopt;
  }
  return std::move(checked.upload);
}

/// Tells what the user may not expect: another file name, and a size in pixels that fits no field
/// of a stock. Written to the error stream, so that the output is nothing but the URL.
void print_notes(const ImageOptions& chosen, const ImageUpload& upload, Runtime& runtime) {
  const std::string file_name = chosen.file_name();
  if (!file_name.empty() && upload.name != file_name) {
    runtime.err << "couponhook: " << chosen.shown_file() << ": uploaded as " << upload.name
                << ": WeChat Pay takes short ASCII names that end in the content's kind\n";
  }
  const wechatpay::PixelSize size{upload.header.width, upload.header.height};
  if (size != wechatpay::kMerchantLogoSize && size != wechatpay::kCouponImageSize) {
    runtime.err << "couponhook: " << chosen.shown_file() << ": has " << size.width << " x "
                << size.height
                << " pixels; in a stock, merchant_logo must have 120 x 120 and coupon_image 850 x "
                   "350 (--use checks it)\n";
  }
}

/// Uploads an image. It is checked before the configuration is loaded, so that an unusable file is
/// reported even without a configuration.
Exit upload(const ImageOptions& chosen, const CommonOptions& common, Runtime& runtime) {
  const auto image = read_image(chosen, runtime);
  if (!image) return Exit::kUsage;
  auto outbound = open_outbound(common, runtime);
  if (!outbound) return Exit::kUsage;
  print_notes(chosen, *image, runtime);
  return call_and_print(
      *outbound, runtime, wechatpay::upload_image_request(*image), chosen.json,
      wechatpay::parse_uploaded_image,
      [&](const wechatpay::UploadedImage& uploaded) { runtime.out << uploaded.media_url << '\n'; });
}

constexpr const char* kRules =
    R"(The file is checked before anything is sent: JPG, PNG or BMP by its content, whole, at most 2 MB.
--use checks also what WeChat Pay asks of the image in a stock:
  merchant_logo  120 x 120 pixels, JPG or PNG, smaller than 1 MB
  coupon_image   850 x 350 pixels, JPG or PNG
The URL is valid for ever; put it into pattern_info of the JSON for `couponhook stock create`.)";

}  // namespace

void declare_image(CommandLine& line, CommonOptions& common, Runtime& runtime) {
  CommandGroup group = line.group("image", "Images for stocks and other marketing APIs");
  auto chosen = std::make_shared<ImageOptions>();
  Options options =
      group.add("upload", "Upload an image to WeChat Pay and print its URL (media_url)",
                [chosen, &common, &runtime] { return upload(*chosen, common, runtime); });
  add_merchant_options(options, common);
  options.required_path("FILE", chosen->file, "The image; \"-\": standard input");
  options.word("--use", chosen->use, {"merchant_logo", "coupon_image"},
               "Field of the stock that the image is meant for");
  options.flag("--json", chosen->json, "Print WeChat Pay's reply (JSON) unchanged");
  options.epilogue(kRules);
}

}  // namespace couponhook::server
