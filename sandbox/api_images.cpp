#include <algorithm>
#include <optional>

#include "base/ascii.hpp"
#include "base/json.hpp"
#include "sandbox/api.hpp"
#include "sandbox/digests.hpp"
#include "sandbox/fields.hpp"
#include "sandbox/json_writer.hpp"
#include "sandbox/multipart_form.hpp"

namespace couponhook::server::sandbox {
namespace {

constexpr std::size_t kImageBytesMax = 2 * 1024 * 1024;
constexpr std::size_t kNameMax = 128;
constexpr std::size_t kHashMax = 256;

/// The error for a missing part of the form, in the words of WeChat Pay.
ApiError missing(std::string_view source, std::string_view field) {
  ApiError error = param_error("输入源“" + std::string(source) + "”映射到字段“" +
                               std::string(field) + "”必填性规则校验失败，此字段为必填项");
  error.detail = JsonWriter().field("location", "body").field("value", "").take();
  return error;
}

/// WeChat Pay's answer to images and file names that it cannot process, as users report it.
ApiError busy() {
  return {500, "SYSTEM_ERROR", "系统繁忙，请稍后重试"};
}

/// Returns the media type of an image by its first bytes; empty if they are those of no image.
std::string_view media_type_of(std::string_view content) {
  if (content.starts_with("\xFF\xD8\xFF")) return "image/jpeg";
  if (content.starts_with("\x89PNG\r\n\x1A\n")) return "image/png";
  if (content.starts_with("BM") && content.size() > 26) return "image/bmp";
  return {};
}

/// Returns true if the end of the image is there: for BMP, as many bytes as its header announces.
/// The bytes between are not looked at.
bool is_whole(std::string_view content, std::string_view media_type) {
  if (media_type == "image/jpeg") return content.rfind("\xFF\xD9") != std::string_view::npos;
  if (media_type == "image/png") {
    return content.find("IEND\xAE\x42\x60\x82") != std::string_view::npos;
  }
  std::size_t announced = 0;
  for (const std::size_t at : {5U, 4U, 3U, 2U}) {
    announced = announced << 8U | static_cast<unsigned char>(content[at]);
  }
  return content.size() >= announced;
}

bool has_image_suffix(std::string_view name) {
  constexpr std::size_t kSuffix = 4;
  if (name.size() <= kSuffix) return false;
  const std::string suffix = base::lower_case(name.substr(name.size() - kSuffix));
  return suffix == ".jpg" || suffix == ".png" || suffix == ".bmp";
}

struct Meta {
  std::string file_name;
  std::string sha256;
};

Result<Meta> read_meta(std::string_view json) {
  const auto object = base::parse_object(json, {});
  if (!object) return param_error("媒体文件元信息必须为JSON", "/meta");
  std::optional<ApiError> error;
  Fields fields(object->value(), "/meta", error);
  Meta meta{fields.text("filename", 1, kNameMax), fields.text("sha256", 1, kHashMax)};
  fields.require(has_image_suffix(meta.file_name), "filename",
                 "图片文件名称有误，必须以JPG、BMP、PNG为后缀");
  if (error) return std::move(*error);
  return meta;
}

Result<Answer> upload(Platform& platform, const Call& call) {
  const auto form = read_form(call.content_type, call.body);
  const FormPart* const meta_part = find_part(form, "meta");
  if (meta_part == nullptr || !meta_part->file_name.empty() || meta_part->content.empty()) {
    return missing("/body/meta", "媒体文件元信息");
  }
  const FormPart* const file = find_part(form, "file");
  if (file == nullptr || file->file_name.empty() || file->content.empty()) {
    return missing("/file", "图片文件");
  }
  const auto meta = read_meta(meta_part->content);
  if (!meta) return meta.error();
  if (std::ranges::any_of(meta->file_name, [](char c) { return (c & 0x80) != 0; })) return busy();
  if (file->content.size() > kImageBytesMax) return param_error("图片文件大小不能超过2M", "/file");
  if (base::lower_case(meta->sha256) != sha256_hex(file->content)) {
    return param_error("图片sha256值有误，请检查后重新提交");
  }
  const std::string_view media_type = media_type_of(file->content);
  if (media_type.empty()) return param_error("文件二进制内容不是图片，请检查后重新提交");
  if (!is_whole(file->content, media_type)) return busy();
  const std::string url =
      platform.images.keep(std::string(file->content), media_type, platform.options.base_url);
  return Answer{JsonWriter().field("media_url", url).take()};
}

Result<Answer> show(const Platform& platform, const Call& call) {
  const UploadedImages::Image* const image = platform.images.find(call.path_parameters.front());
  if (image == nullptr) return not_found("图片不存在");
  return Answer{image->content, true, image->media_type};
}

}  // namespace

void add_image_routes(Routes& routes, Platform& platform) {
  routes.add("POST", "/v3/marketing/favor/media/image-upload",
             [&platform](const Call& call) { return upload(platform, call); });
  // Uploaded images can be looked at, as at WeChat Pay: without a signature.
  routes.add("GET", "/wxpaylogo/*/0",
             [&platform](const Call& call) { return show(platform, call); });
}

}  // namespace couponhook::server::sandbox
