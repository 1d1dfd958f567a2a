/// \file
/// Fuzz target: the reader of image files, and the sandbox's reader of uploaded forms. An image
/// that is accepted is sent in a form, which the sandbox must split into the same bytes.

#include <string>

#include "fuzz.hpp"
#include "sandbox/multipart_form.hpp"
#include "wechatpay/image_upload.hpp"

namespace couponhook::fuzz {
namespace {

void run(std::string_view input) {
  using namespace server::sandbox;
  static_cast<void>(read_form("multipart/form-data; boundary=x", input));
  const std::string_view first_line = input.substr(0, input.find('\n'));
  const auto checked =
      wechatpay::check_image(first_line, std::string(input), wechatpay::ImageUse::kMerchantLogo);
  require(checked.upload.has_value() || !checked.violations.empty(), "a refusal has a reason");
  if (!checked.upload) return;
  const auto& [kind, width, height] = checked.upload->header;
  require(width >= 1 && width <= wechatpay::kImageSideMax, "the width has a limit");
  require(height >= 1 && height <= wechatpay::kImageSideMax, "the height has a limit");
  const wechatpay::ApiRequest request = wechatpay::upload_image_request(*checked.upload);
  const auto form = read_form(request.content_type, request.body);
  require(form.size() == 2, "the form has two parts");
  require(form[0].name == "meta" && form[0].content == request.signed_text, "meta is signed");
  require(form[1].file_name == checked.upload->name, "the name needs no quoting");
  require(form[1].content == input, "the content arrives unchanged");
}

const Registration registered("images", run);

}  // namespace
}  // namespace couponhook::fuzz
