// Tests of downloading a flow file (WeChat Pay's settlement file). couponhook must accept only the
// right and complete file, and send its signed request only to WeChat Pay's hosts. The tests use
// links of every kind, and content whose SHA-1 digest the openssl command line computed.

#include "wechatpay/flow_link.hpp"

#include <gtest/gtest.h>

#include "base/wechat_time.hpp"

namespace couponhook::wechatpay {
namespace {

constexpr const char* kBase = "https://api.mch.weixin.qq.com";

FlowLink link_to(std::string url) {
  return {std::move(url), "8ae0eb442c408d2e90d669d6f4ad6b7e6e049d6f", "SHA1"};
}

TEST(FlowLinkRequest, HasTheDocumentedShape) {
  EXPECT_EQ(flow_link_request(FlowKind::kUse, "9865000").path_and_query,
            "/v3/marketing/favor/stocks/9865000/use-flow");
  EXPECT_EQ(flow_link_request(FlowKind::kRefund, "9865000").path_and_query,
            "/v3/marketing/favor/stocks/9865000/refund-flow");
}

TEST(FlowAvailableAt, IsTenOClockInBeijingOnTheDayAfter) {
  const auto at = [](const char* end) {
    return base::format_wechat_time(flow_available_at(*base::parse_wechat_time(end)));
  };
  EXPECT_EQ(at("2024-03-05T00:00:00+08:00"), "2024-03-06T10:00:00+08:00");
  EXPECT_EQ(at("2024-03-05T23:59:59+08:00"), "2024-03-06T10:00:00+08:00");
  EXPECT_EQ(at("2024-12-31T16:00:00Z"), "2025-01-02T10:00:00+08:00");
}

TEST(ParseFlowLink, ReadsTheDocumentedReply) {
  const auto link = parse_flow_link(
      FlowKind::kUse,
      R"({"hash_type":"SHA1","hash_value":"8ae0eb442c408d2e90d669d6f4ad6b7e6e049d6f",
          "url":"https://api.mch.weixin.qq.com/v3/billdownload/file?token=ja7q"})");
  ASSERT_TRUE(link);
  EXPECT_EQ(link->url, "https://api.mch.weixin.qq.com/v3/billdownload/file?token=ja7q");
}

TEST(ParseFlowLink, RefusesAnotherHash) {
  for (const char* body :
       {"{}", R"({"url":"https://a","hash_value":"1"})",
        R"({"url":"https://a","hash_value":"1","hash_type":"MD5"})",
        R"({"url":"https://a","hash_type":"SHA1"})", R"({"hash_value":"1","hash_type":"SHA1"})"}) {
    EXPECT_FALSE(parse_flow_link(FlowKind::kUse, body)) << body;
  }
}

TEST(DownloadRequest, KeepsTheTokenAsItStands) {
  const auto request = download_request(
      link_to("https://api.mch.weixin.qq.com/v3/billdownload/file?token=a%2Bb-_"), kBase);
  ASSERT_TRUE(request);
  EXPECT_EQ(request->method, "GET");
  EXPECT_EQ(request->path_and_query, "/v3/billdownload/file?token=a%2Bb-_");
  EXPECT_EQ(request->api, Api::kFlowDownload);
}

TEST(DownloadRequest, GoesToWeChatPaysOtherHostToo) {
  const FlowLink link = link_to("https://api2.mch.weixin.qq.com/v3/billdownload/file?token=1");
  EXPECT_TRUE(download_request(link, kBase));
  EXPECT_EQ(download_origin(link), "https://api2.mch.weixin.qq.com");
}

TEST(DownloadRequest, GoesToTheOriginOfTheBaseUrl) {
  EXPECT_TRUE(download_request(link_to("http://127.0.0.1:8080/v3/f?token=1"),
                               "http://127.0.0.1:8080/prefix"));
  EXPECT_TRUE(download_request(link_to("https://[::1]:8443/v3/f"), "https://[::1]:8443"));
}

TEST(DownloadRequest, GoesNowhereElse) {
  for (const char* url :
       {"https://evil.example/v3/billdownload/file?token=1",
        "http://api.mch.weixin.qq.com/v3/billdownload/file?token=1",
        "https://api.mch.weixin.qq.com.evil.example/f", "https://api.mch.weixin.qq.com:444/f",
        "https://api.mch.weixin.qq.com@evil.example/f", "https://user@api.mch.weixin.qq.com/v3/f",
        "https://api.mch.weixin.qq.com/v3/f#x", "https://api.mch.weixin.qq.com",
        "file:///etc/passwd", "/v3/f", "", "https://api.mch.weixin.qq.com/v3/f\r\nX: y"}) {
    EXPECT_FALSE(download_request(link_to(url), kBase)) << url;
  }
}

TEST(FlowContent, IsCheckedAgainstItsHash) {
  // The expected SHA-1 digest was made with: printf 'a,b\n1,2\n' | openssl dgst -sha1
  const FlowLink link{"", "2aa26ec98d674d5160b612c7edad7172d85c9df7", "SHA1"};
  EXPECT_TRUE(check_flow_content(link, "a,b\n1,2\n"));
  const auto torn = check_flow_content(link, "a,b\n1,2");
  ASSERT_FALSE(torn);
  EXPECT_NE(torn.error().advice.find("new link"), std::string::npos);
}

TEST(FlowContent, IsCheckedWhateverTheHashsLetterCase) {
  EXPECT_TRUE(check_flow_content({"", "DA39A3EE5E6B4B0D3255BFEF95601890AFD80709", "SHA1"}, ""));
}

TEST(FlowKind, ReadsItsOwnNames) {
  EXPECT_EQ(parse_flow_kind("use"), FlowKind::kUse);
  EXPECT_EQ(parse_flow_kind("refund"), FlowKind::kRefund);
  EXPECT_EQ(parse_flow_kind("send"), std::nullopt);
}

}  // namespace
}  // namespace couponhook::wechatpay
