// Goal: a request comes out of its bytes as the sender meant it, whatever pieces it comes in.
// Method: requests as text, put into the parser whole or byte by byte.

#include "server/net/request_parser.hpp"

#include <algorithm>

#include <gtest/gtest.h>
#include <boost/asio/buffer.hpp>

namespace couponhook::server {
namespace {

namespace http = boost::beast::http;

constexpr std::string_view kPost =
    "POST /notify?a=b HTTP/1.1\r\nHost: h\r\nX-Forwarded-For: 192.0.2.1\r\n"
    "wechatpay-NONCE:  n \r\nX-Forwarded-For: 192.0.2.2\r\nContent-Length: 4\r\n\r\nbody";

/// \param pieces how many bytes the parser sees more of at a time.
error_code parse(RequestParts& parts, std::string_view text, std::size_t pieces) {
  RequestParser parser(parts);
  parser.eager(true);
  std::size_t begin = 0;
  error_code ec;
  for (std::size_t end = 0; end < text.size() && !parser.is_done();) {
    end = std::min(end + pieces, text.size());
    begin += parser.put(asio::const_buffer(text.data() + begin, end - begin), ec);
    if (ec && ec != http::error::need_more) return ec;
  }
  return parser.is_done() ? error_code() : error_code(http::error::need_more);
}

class RequestPartsInPieces : public ::testing::TestWithParam<std::size_t> {
 protected:
  RequestParts parts_;
};

TEST_P(RequestPartsInPieces, HoldWhatWasSent) {
  ASSERT_FALSE(parse(parts_, kPost, GetParam()));
  EXPECT_EQ(parts_.method(), "POST");
  EXPECT_EQ(parts_.target(), "/notify?a=b");
  EXPECT_EQ(parts_.body(), "body");
}

TEST_P(RequestPartsInPieces, FindAFieldWhateverItsCase) {
  ASSERT_FALSE(parse(parts_, kPost, GetParam()));
  EXPECT_EQ(parts_.find("Wechatpay-Nonce"), "n");
  EXPECT_EQ(parts_.find("Wechatpay-Serial"), "");
}

TEST_P(RequestPartsInPieces, KeepRepeatedFieldsInOrder) {
  ASSERT_FALSE(parse(parts_, kPost, GetParam()));
  EXPECT_EQ(parts_.find_all("x-forwarded-for"),
            (std::vector<std::string_view>{"192.0.2.1", "192.0.2.2"}));
}

TEST_P(RequestPartsInPieces, JoinChunks) {
  const std::string_view chunked =
      "POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n"
      "3;x=y\r\nabc\r\n2\r\nde\r\n0\r\n\r\n";
  ASSERT_FALSE(parse(parts_, chunked, GetParam()));
  EXPECT_EQ(parts_.body(), "abcde");
}

INSTANTIATE_TEST_SUITE_P(WholeOrByteByByte, RequestPartsInPieces,
                         ::testing::Values(std::size_t{1}, std::size_t{7}, std::size_t{4096}));

TEST(RequestParts, TakeTheAbsoluteForm) {
  RequestParts parts;
  ASSERT_FALSE(parse(parts, "GET https://host.example/a?b HTTP/1.1\r\nHost: h\r\n\r\n", 4096));
  EXPECT_EQ(parts.target(), "/a?b");
}

TEST(RequestParts, NameOneHostUnlessTheyAreOlderThanHttp11) {
  const auto is_taken = [](std::string_view version, std::string_view hosts) {
    RequestParts parts;
    return !parse(
        parts, std::string("GET / ").append(version).append("\r\n").append(hosts) + "\r\n", 4096);
  };
  EXPECT_FALSE(is_taken("HTTP/1.1", ""));
  EXPECT_TRUE(is_taken("HTTP/1.1", "Host: h\r\n"));
  EXPECT_FALSE(is_taken("HTTP/1.1", "Host: h\r\nhost: h\r\n"));
  EXPECT_TRUE(is_taken("HTTP/1.0", ""));
  EXPECT_FALSE(is_taken("HTTP/1.0", "Host: h\r\nHost: i\r\n"));
}

TEST(RequestParts, ForgetTheRequestBefore) {
  RequestParts parts;
  ASSERT_FALSE(parse(parts, kPost, 4096));
  parts.clear();
  ASSERT_FALSE(parse(parts, "GET /next HTTP/1.1\r\nHost: h\r\n\r\n", 4096));
  EXPECT_EQ(parts.target(), "/next");
  EXPECT_EQ(parts.find("Wechatpay-Nonce"), "");
  EXPECT_EQ(parts.body(), "");
}

}  // namespace
}  // namespace couponhook::server
