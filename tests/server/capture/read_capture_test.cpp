// Checks the forms of captured requests, with texts as nginx, HAProxy, tcpdump and browsers write
// them.

#include "server/capture/read_capture.hpp"

#include <gtest/gtest.h>

namespace couponhook::server {
namespace {

const std::string kSignature = std::string(340, 's') + "+/==";

/// Asserts that one request was read, with these signed headers and the body.
void expect_request(const std::vector<CapturedRequest>& requests, std::string_view body) {
  ASSERT_EQ(requests.size(), 1U);
  const SignedMessage message = requests[0].signed_message();
  EXPECT_EQ(message.timestamp, "1700000000");
  EXPECT_EQ(message.nonce, "EcZ9Cmy4Xyx1i6RlJQzLcCrjZ5T2Yab1");
  EXPECT_EQ(message.serial, "5157F09EFDC096DE15EBE81A47057A7232F1B8E1");
  EXPECT_EQ(message.signature, kSignature);
  EXPECT_EQ(message.body, body);
}

std::string raw_head(std::string_view line_end) {
  std::string head;
  for (const std::string& line :
       {std::string("POST /notify/1 HTTP/1.1"), std::string("Host: shop.example"),
        std::string("wechatpay-timestamp: 1700000000"),
        std::string("WECHATPAY-NONCE: EcZ9Cmy4Xyx1i6RlJQzLcCrjZ5T2Yab1"),
        std::string("Wechatpay-Serial: 5157F09EFDC096DE15EBE81A47057A7232F1B8E1"),
        "Wechatpay-Signature: " + kSignature}) {
    head.append(line).append(line_end);
  }
  return head;
}

TEST(ReadCapture, ReadsRawHttpWithBothKindsOfLineEnds) {
  for (const std::string line_end : {"\r\n", "\n"}) {
    const auto requests = parse_captures("f", raw_head(line_end) + line_end + "{\"id\":1}");
    expect_request(requests, "{\"id\":1}");
    EXPECT_EQ(requests[0].target, "/notify/1");
    EXPECT_EQ(requests[0].source, "f");
  }
}

TEST(ReadCapture, CutsTheBodyAtItsContentLength) {
  const std::string head = raw_head("\r\n") + "Content-Length: 8\r\n\r\n";
  expect_request(parse_captures("f", head + "{\"id\":1}\nnext packet"), "{\"id\":1}");
  const auto shorter = parse_captures("f", head + "{\"id");
  ASSERT_EQ(shorter.size(), 1U);
  EXPECT_EQ(shorter[0].promised_bytes, 8U);
}

TEST(ReadCapture, FindsRequestsBetweenTheLinesOfTcpdump) {
  const std::string packet =
      "22:10:11.123456 IP 10.0.0.1.4711 > 10.0.0.2.80: Flags [P.]\nE..4.@.@.";
  const std::string request = raw_head("\n") + "Content-Length: 2\n\n{}";
  const auto requests = parse_captures("f", packet + request + "\n" + packet + request + "\n");
  ASSERT_EQ(requests.size(), 2U);
  EXPECT_EQ(requests[1].source, "f#2");
  EXPECT_EQ(requests[1].body, "{}");
}

TEST(ReadCapture, ReadsAnNginxLineWithDefaultEscapes) {
  expect_request(
      parse_captures("access.log",
                     "192.0.2.1 - - [14/Nov/2023:22:13:20 +0000] \"POST /notify/1 HTTP/1.1\" 401 "
                     "\"1700000000\" \"EcZ9Cmy4Xyx1i6RlJQzLcCrjZ5T2Yab1\" "
                     "\"5157F09EFDC096DE15EBE81A47057A7232F1B8E1\" \"" +
                         kSignature +
                         "\" \"{\\x22summary\\x22:\\x22\\xE9\\x80\\x80\\x5C/\\x22,"
                         "\\x22ciphertext\\x22:\\x22a\\x22}\"\n"),
      "{\"summary\":\"\xE9\x80\x80\\/\",\"ciphertext\":\"a\"}");
}

TEST(ReadCapture, ReadsNamedValuesInAnyOrder) {
  expect_request(parse_captures("l", "wechatpay_signature=" + kSignature +
                                         " request_body=\"{\\x22id\\x22:1}\" wechatpay_nonce="
                                         "EcZ9Cmy4Xyx1i6RlJQzLcCrjZ5T2Yab1 "
                                         "wechatpay_timestamp=1700000000 wechatpay_serial="
                                         "5157F09EFDC096DE15EBE81A47057A7232F1B8E1"),
                 "{\"id\":1}");
}

TEST(ReadCapture, ReadsTheCapturesOfHaproxy) {
  expect_request(parse_captures("haproxy.log",
                                "Nov 14 22:13:20 lb haproxy[7]: 192.0.2.1:5000 in app/a 0/0/1 401 "
                                "{1700000000|EcZ9Cmy4Xyx1i6RlJQzLcCrjZ5T2Yab1|"
                                "5157F09EFDC096DE15EBE81A47057A7232F1B8E1|" +
                                    kSignature +
                                    "|#7B#22ciphertext#22:#22a#22#7D} \"POST /notify/1 HTTP/1.1\""),
                 "{\"ciphertext\":\"a\"}");
}

TEST(ReadCapture, FindsTheCallbackInAHarFileOfABrowser) {
  const std::string other =
      R"({"request":{"method":"POST","url":"https://x/","headers":[{"name":"A","value":"b"}],)"
      R"("postData":{"text":"{}"}}})";
  const std::string ours =
      R"({"request":{"method":"POST","url":"https://x/notify/1?a=b","headers":[)"
      R"({"name":"wechatpay-timestamp","value":"1700000000"},)"
      R"({"name":"wechatpay-nonce","value":"EcZ9Cmy4Xyx1i6RlJQzLcCrjZ5T2Yab1"},)"
      R"({"name":"wechatpay-serial","value":"5157F09EFDC096DE15EBE81A47057A7232F1B8E1"},)"
      R"({"name":"wechatpay-signature","value":")" +
      kSignature + R"("}],"postData":{"text":"{\"id\":1}"}}})";
  const auto requests =
      parse_captures("f.har", R"({"log":{"entries":[)" + other + "," + ours + "]}}");
  expect_request(requests, "{\"id\":1}");
  EXPECT_EQ(requests[0].source, "f.har#2");
  EXPECT_EQ(requests[0].target, "/notify/1?a=b");
}

const std::string kBody = R"({"resource":{"ciphertext":"a"}})";

/// Returns the four headers, each written by `write` from its name and value.
template <typename Write>
std::string headers_as(const Write& write) {
  std::string text;
  for (const auto& [name, value] : std::vector<std::pair<std::string, std::string>>{
           {"wechatpay-timestamp", "1700000000"},
           {"wechatpay-nonce", "EcZ9Cmy4Xyx1i6RlJQzLcCrjZ5T2Yab1"},
           {"wechatpay-serial", "5157F09EFDC096DE15EBE81A47057A7232F1B8E1"},
           {"wechatpay-signature", kSignature}}) {
    text += write(name, value);
  }
  return text;
}

TEST(ReadCapture, JoinsThePacketsOfTcpdump) {
  const std::string head =
      raw_head("\n") + "Content-Length: " + std::to_string(kBody.size()) + "\n\n";
  const auto packet = [](std::string_view flow, std::size_t bytes) {
    return "22:10:11.123456 IP " + std::string(flow) + ": Flags [P.], seq 1:9, length " +
           std::to_string(bytes) + "\n";
  };
  const std::string junk = "E..4.@.@.\n.......P..";
  const std::string text = packet("10.0.0.1.4711 > 10.0.0.2.80", head.size() + 9) + junk + head +
                           "\n" + packet("10.0.0.2.80 > 10.0.0.1.4711", 0) + junk + "\n" +
                           packet("10.0.0.1.4711 > 10.0.0.2.80", kBody.size() - 5) + junk +
                           kBody.substr(0, kBody.size() - 5) + "\n" +
                           packet("10.0.0.1.4711 > 10.0.0.2.80", 5) + junk +
                           kBody.substr(kBody.size() - 5) + "\n";
  const auto requests = parse_captures("f", text);
  expect_request(requests, kBody);
  EXPECT_EQ(requests[0].form, kTcpdumpForm);
}

TEST(ReadCapture, FindsHeadersAndBodyAnywhereInJson) {
  const std::string text = R"("{\"resource\":{\"ciphertext\":\"a\"}}")";
  const std::string members =
      headers_as([](auto& name, auto& value) { return "\"" + name + "\":[\"" + value + "\"],"; });
  const std::string pairs = headers_as([](auto& name, auto& value) {
    return R"({"key":")" + name + R"(","value":")" + value + "\"},";
  });
  for (const std::string& document :
       {R"({"req":{"headers":{)" + members + R"("a":"b"}},"msg":"x","raw":)" + text + "}",
        R"({"item":[{"request":{"header":[)" + pairs + R"({"key":"a","value":"b"}],"body":)" +
            R"({"mode":"raw","raw":)" + text + "}}}]}"}) {
    expect_request(parse_captures("f", document), kBody);
  }
}

TEST(ReadCapture, FindsHeadersAndBodyInTextOfAnyForm) {
  const std::string curl =
      headers_as([](auto& name, auto& value) { return "> " + name + ": " + value + "\n"; });
  expect_request(
      parse_captures("f", "> POST /notify/1 HTTP/1.1\n" + curl + ">\n" + kBody + "\n* done"),
      kBody);
  const std::string php = headers_as(
      [](auto& name, auto& value) { return "    [HTTP_" + name + "] => " + value + "\n"; });
  expect_request(parse_captures("f", "Array\n(\n" + php + ")\n" + kBody), kBody);
  const std::string java =
      headers_as([](auto& name, auto& value) { return name + "=" + value + ", "; });
  expect_request(parse_captures("f", "INFO headers={" + java + "host=h} body=" + kBody), kBody);
}

TEST(ReadCapture, TakesTheValuesNearestToTheSignatureOfALogLine) {
  expect_request(parse_captures("l",
                                "a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1 1700000009 \"1700000000\" "
                                "\"EcZ9Cmy4Xyx1i6RlJQzLcCrjZ5T2Yab1\" "
                                "\"5157F09EFDC096DE15EBE81A47057A7232F1B8E1\" \"" +
                                    kSignature + "\" \"{\\x22ciphertext\\x22:\\x22a\\x22}\""),
                 "{\"ciphertext\":\"a\"}");
}

TEST(ReadCapture, FindsNothingInOtherText) {
  EXPECT_TRUE(parse_captures("f", "").empty());
  EXPECT_TRUE(parse_captures("f", "192.0.2.1 - \"GET / HTTP/1.1\" 200 5\n").empty());
  EXPECT_TRUE(parse_captures("f", R"({"event_type":"COUPON.USE","resource":{}})").empty());
  EXPECT_TRUE(parse_captures("f", "{\"a\":{\"b\"").empty());
  EXPECT_TRUE(parse_captures("f", "\"").empty());
}

}  // namespace
}  // namespace couponhook::server
