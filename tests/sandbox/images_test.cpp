// Tests of image uploads to the sandbox (a simulated WeChat Pay) without HTTP: how forms are split,
// which uploads are refused with which error, and which URLs a stock may name. The forms are
// written out here as RFC 7578 shows them.

#include <gtest/gtest.h>

#include "sandbox/digests.hpp"
#include "sandbox/multipart_form.hpp"
#include "sandbox/uploaded_images.hpp"

namespace couponhook::server::sandbox {
namespace {

constexpr std::string_view kType = "multipart/form-data; boundary=xyz";

constexpr std::string_view kForm =
    "--xyz\r\n"
    "Content-Disposition: form-data; name=\"meta\"\r\n"
    "Content-Type: application/json\r\n"
    "\r\n"
    "{\"filename\":\"a.png\"}\r\n"
    "--xyz\r\n"
    "content-disposition: form-data; name=\"file\"; filename=\"a \\\" b.png\";\r\n"
    "\r\n"
    "\r\n--xy\r\n\r\n"
    "--xyz--\r\n";

TEST(ReadForm, SplitsTheParts) {
  const auto form = read_form(kType, kForm);
  ASSERT_EQ(form.size(), 2U);
  EXPECT_EQ(form[0].name, "meta");
  EXPECT_EQ(form[0].file_name, "");
  EXPECT_EQ(form[0].content, "{\"filename\":\"a.png\"}");
  EXPECT_EQ(form[1].name, "file");
  EXPECT_EQ(form[1].file_name, "a \\\" b.png");
  EXPECT_EQ(form[1].content, "\r\n--xy\r\n");
  EXPECT_EQ(find_part(form, "file"), &form[1]);
  EXPECT_EQ(find_part(form, "other"), nullptr);
}

TEST(ReadForm, ReadsAnEmptyPart) {
  const auto form =
      read_form(kType, "--xyz\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\n\r\n--xyz--");
  ASSERT_EQ(form.size(), 1U);
  EXPECT_EQ(form[0].content, "");
}

TEST(ReadForm, RefusesEveryTruncation) {
  const std::size_t end = kForm.rfind("--");
  for (std::size_t size = 0; size < end; ++size) {
    EXPECT_TRUE(read_form(kType, kForm.substr(0, size)).empty()) << size;
  }
}

TEST(ReadForm, RefusesWhatIsNoForm) {
  EXPECT_TRUE(read_form("application/json", kForm).empty());
  EXPECT_TRUE(read_form("multipart/form-data", kForm).empty());
  EXPECT_TRUE(read_form("multipart/form-data; boundary=", kForm).empty());
  EXPECT_TRUE(read_form("multipart/form-data; boundary=abc", kForm).empty());
  EXPECT_TRUE(read_form(kType, "--xyz\r\nContent-Type: text/plain\r\n\r\nx\r\n--xyz--").empty());
}

TEST(ReadForm, TakesQuotesForAPartOfTheBoundary) {
  EXPECT_TRUE(read_form("multipart/form-data; boundary=\"xyz\"", kForm).empty());
}

TEST(SignedContent, IsMetaAlone) {
  EXPECT_EQ(signed_content(kType, kForm), "{\"filename\":\"a.png\"}");
  EXPECT_EQ(signed_content(kType,
                           "--xyz\r\nContent-Disposition: form-data; name=\"meta\"; "
                           "filename=\"m\"\r\n\r\n{}\r\n--xyz--"),
            "");
  EXPECT_EQ(signed_content(kType, ""), "");
}

TEST(UploadedImages, GiveOneUrlForOneContent) {
  UploadedImages images;
  const std::string url = images.keep("abc", "image/png", "https://127.0.0.1:8444");
  // The SHA-256 of "abc" is published in FIPS 180-2, appendix B.1.
  EXPECT_EQ(url, "https://127.0.0.1:8444/wxpaylogo/ba7816bf8f01cfea414140de5dae2223b00361a3/0");
  EXPECT_EQ(images.keep("abc", "image/png", "https://127.0.0.1:8444"), url);
  ASSERT_NE(images.find("ba7816bf8f01cfea414140de5dae2223b00361a3"), nullptr);
  EXPECT_EQ(images.find("ba7816bf8f01cfea414140de5dae2223b00361a3")->content, "abc");
  EXPECT_EQ(images.find("ba"), nullptr);
}

TEST(UploadedImages, AcceptTheUrlsThatAnUploadReturned) {
  UploadedImages images;
  const std::string url = images.keep("abc", "image/png", "https://127.0.0.1:8444");
  EXPECT_TRUE(images.accepts(url));
  EXPECT_TRUE(images.accepts("https://qpic.cn/xxx"));
  EXPECT_TRUE(images.accepts("https://wxpaylogo.qpic.cn/wxpaylogo/Pia/0"));
  for (const char* other : {"https://127.0.0.1:8444/wxpaylogo/00/0", "https://example.com/logo.png",
                            "https://qpic.cn.example.com/xxx", "https://notqpic.cn/x",
                            "http://qpic.cn/xxx", "logo.png"}) {
    EXPECT_FALSE(images.accepts(other)) << other;
  }
}

TEST(UploadedImages, DropTheOldestContentsButKeepTheUrls) {
  UploadedImages images;
  const std::string first = images.keep("abc", "image/png", "https://s");
  constexpr std::size_t kSize = 2 * 1024 * 1024;
  for (std::size_t i = 0; i * kSize < UploadedImages::kContentBytesMax; ++i) {
    static_cast<void>(images.keep(std::to_string(i) + std::string(kSize, 'x'), "image/png", ""));
  }
  EXPECT_EQ(images.find("ba7816bf8f01cfea414140de5dae2223b00361a3"), nullptr);
  EXPECT_TRUE(images.accepts(first));
  EXPECT_EQ(images.keep("abc", "image/png", "https://s"), first);
  EXPECT_NE(images.find("ba7816bf8f01cfea414140de5dae2223b00361a3"), nullptr);
}

}  // namespace
}  // namespace couponhook::server::sandbox
