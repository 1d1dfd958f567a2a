// Checks the request that uploads an image: its bytes and its signature against values that Python
// and openssl computed, the rules that are checked before it is sent, and its reply.

#include "wechatpay/image_upload.hpp"

#include <algorithm>

#include <gtest/gtest.h>

#include "images.hpp"
#include "stand_in.hpp"
#include "support/openssl_command.hpp"
#include "violations.hpp"
#include "wechatpay/authorization.hpp"
#include "wechatpay/error_catalogue.hpp"

namespace couponhook::wechatpay {
namespace {

// Computed with Python: hashlib.sha256(small_bmp).hexdigest()
constexpr std::string_view kMeta =
    R"({"filename":"two.bmp","sha256":)"
    R"("120ccaf10c51a02a350396b251e5d620fa519ac2117301b214e1b1015d5a1962"})";

ApiRequest request_for(std::string_view name, std::string content) {
  return upload_image_request(*check_image(name, std::move(content), ImageUse::kAny).upload);
}

std::string header(const std::vector<Header>& headers, std::string_view name) {
  const auto found = std::ranges::find(headers, name, &Header::name);
  return found == headers.end() ? "" : found->value;
}

TEST(UploadImageRequest, HasTheDocumentedForm) {
  const ApiRequest request = request_for("two.bmp", small_bmp());
  EXPECT_EQ(request.method, "POST");
  EXPECT_EQ(request.path_and_query, "/v3/marketing/favor/media/image-upload");
  EXPECT_EQ(request.content_type,
            "multipart/form-data; boundary=couponhook-120ccaf10c51a02a350396b251e5d620");
  EXPECT_EQ(request.signed_text, kMeta);
  const std::string boundary = "--couponhook-120ccaf10c51a02a350396b251e5d620";
  EXPECT_EQ(request.body,
            boundary + "\r\nContent-Disposition: form-data; name=\"meta\"\r\n" +
                "Content-Type: application/json\r\n\r\n" + std::string(kMeta) + "\r\n" + boundary +
                "\r\nContent-Disposition: form-data; name=\"file\"; filename=\"two.bmp\"\r\n" +
                "Content-Type: image/bmp\r\n\r\n" + small_bmp() + "\r\n" + boundary + "--\r\n");
}

TEST(UploadImageRequest, NamesTheTypeOfTheContent) {
  EXPECT_NE(request_for("a.jpg", jpg_logo()).body.find("\r\nContent-Type: image/jpeg\r\n"),
            std::string::npos);
  EXPECT_NE(request_for("a.jpg", png_logo()).body.find("\r\nContent-Type: image/png\r\n"),
            std::string::npos);
}

TEST(UploadImageRequest, IsSignedOverMetaAlone) {
  const support::ScratchFolder scratch;
  if (!support::has_openssl()) GTEST_SKIP() << "there is no openssl command";
  scratch.write("message", "POST\n/v3/marketing/favor/media/image-upload\n1700000000\nnonce\n" +
                               std::string(kMeta) + "\n");
  scratch.write("key.pem", platform().pair.private_key_pem.reveal());
  ASSERT_TRUE(scratch.openssl("dgst -sha256 -sign key.pem -out signature message"));
  ASSERT_TRUE(scratch.openssl("base64 -A -in signature")) << scratch.output();
  const ApiCaller caller{"1900000001", "5157F09EFDC096DE15EBE81A47057A7232F1B8E1",
                         *crypto::Signer::from_pem(platform().pair.private_key_pem)};
  const auto headers = request_headers(request_for("two.bmp", small_bmp()), caller, "nonce", kNow);
  EXPECT_NE(header(headers, "Authorization").find("signature=\"" + scratch.output() + "\""),
            std::string::npos);
  EXPECT_EQ(header(headers, "Content-Type"),
            "multipart/form-data; boundary=couponhook-120ccaf10c51a02a350396b251e5d620");
}

TEST(UploadName, KeepsWhatWechatPayTakes) {
  for (const char* name : {"logo.png", "LOGO.PNG", "logo 2@2x (final).png", "a.b.png"}) {
    EXPECT_EQ(upload_name(name, ImageKind::kPng, ""), name);
  }
}

TEST(UploadName, EndsInTheKindOfTheContent) {
  EXPECT_EQ(upload_name("logo", ImageKind::kPng, ""), "logo.png");
  EXPECT_EQ(upload_name("logo.jpg", ImageKind::kPng, ""), "logo.png");
  EXPECT_EQ(upload_name("logo.jpeg", ImageKind::kJpeg, ""), "logo.jpg");
  EXPECT_EQ(upload_name("logo.v2", ImageKind::kBmp, ""), "logo.v2.bmp");
}

TEST(UploadName, ReplacesWhatWechatPayDoesNotTake) {
  const std::string replacement = "image-120ccaf10c51.png";
  for (const std::string& name :
       {std::string("优惠券.png"), std::string("a\"b.png"), std::string("a\r\nb.png"),
        std::string("a\\b.png"), std::string("a%22.png"), std::string("a;b.png"), std::string(),
        std::string(".png"), std::string(125, 'a') + ".png", std::string("\xFF.png")}) {
    EXPECT_EQ(upload_name(name, ImageKind::kPng, small_bmp()), replacement) << name;
  }
  const std::string longest = std::string(124, 'a') + ".png";
  EXPECT_EQ(upload_name(longest, ImageKind::kPng, ""), longest);
}

TEST(CheckImage, BoundsTheSizeOfTheFile) {
  std::string content = png_logo();
  content.resize(kImageBytesMax);
  EXPECT_TRUE(check_image("a.png", content, ImageUse::kAny).violations.empty());
  content += ' ';
  const auto large = check_image("a.png", content, ImageUse::kAny).violations;
  EXPECT_EQ(fields(large), std::vector<std::string>{"size"});
  EXPECT_TRUE(mentions(large, "2097153 bytes"));
}

TEST(CheckImage, ReportsAFileThatIsNoImage) {
  const CheckedImage checked = check_image("a.png", "GIF89a", ImageUse::kMerchantLogo);
  EXPECT_EQ(fields(checked.violations), std::vector<std::string>{"content"});
  EXPECT_FALSE(checked.upload);
}

TEST(CheckImage, ChecksWhatALogoNeeds) {
  EXPECT_TRUE(check_image("a", png_logo(), ImageUse::kMerchantLogo).violations.empty());
  EXPECT_TRUE(check_image("a", jpg_logo(), ImageUse::kMerchantLogo).violations.empty());
  const auto small = check_image("a", small_bmp(), ImageUse::kMerchantLogo).violations;
  EXPECT_TRUE(mentions(small, "must have 120 x 120 pixels, and the file has 2 x 1 pixels"));
  EXPECT_TRUE(mentions(small, "JPG or PNG"));
  std::string content = png_logo();
  content.resize(1024 * 1024 - 1);
  EXPECT_TRUE(check_image("a", content, ImageUse::kMerchantLogo).violations.empty());
  content += ' ';
  EXPECT_TRUE(mentions(check_image("a", content, ImageUse::kMerchantLogo).violations, "1 MB"));
}

TEST(CheckImage, ChecksWhatACouponImageNeeds) {
  const auto logo = check_image("a", png_logo(), ImageUse::kCouponImage).violations;
  EXPECT_EQ(fields(logo), std::vector<std::string>{"coupon_image"});
  EXPECT_TRUE(mentions(logo, "850 x 350"));
}

TEST(ParseUploadedImage, ReadsTheUrl) {
  const auto image = parse_uploaded_image(R"({"media_url":"https://qpic.cn/xxx"})");
  ASSERT_TRUE(image);
  EXPECT_EQ(image->media_url, "https://qpic.cn/xxx");
}

TEST(ParseUploadedImage, RefusesAReplyWithoutAUsableUrl) {
  const std::string long_url = "https://qpic.cn/" + std::string(241, 'x');
  for (const std::string& body :
       {std::string("{}"), std::string(R"({"media_id":"nSWdWKr29"})"), std::string("[]"),
        std::string(R"({"media_url":"qpic.cn/xxx"})"), std::string(R"({"media_url":1})"),
        R"({"media_url":")" + long_url + R"("})"}) {
    const auto image = parse_uploaded_image(body);
    ASSERT_FALSE(image) << body;
    EXPECT_EQ(image.error().failure, ApiFailure::kUnreadable);
  }
}

TEST(ExplainError, KnowsWhatErrorsOfAnUploadMean) {
  EXPECT_NE(explain_error(Api::kImageUpload, 401, "SIGN_ERROR").advice.find("part meta"),
            std::string_view::npos);
  EXPECT_NE(explain_error(Api::kImageUpload, 400, "PARAM_ERROR").advice.find("proxy"),
            std::string_view::npos);
  EXPECT_NE(explain_error(Api::kImageUpload, 500, "SYSTEM_ERROR").advice.find("image"),
            std::string_view::npos);
  EXPECT_EQ(explain_error(Api::kImageUpload, 500, "SYSTEM_ERROR").retry, Retry::kSoon);
  EXPECT_EQ(explain_error(Api::kImageUpload, 429, "FREQUENCY_LIMIT_EXCEED").retry, Retry::kLater);
  EXPECT_EQ(spec_of(Api::kImageUpload).limit.calls, 100);
}

}  // namespace
}  // namespace couponhook::wechatpay
