// Checks that the parser understands an HTTP reply in every form that common clients accept, in
// pieces of any size, and reports any other input as unreadable. The tests pass replies to the
// parser whole and byte by byte.

#include "server/net/reply_parser.hpp"

#include <algorithm>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace couponhook::server {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::StartsWith;

constexpr std::size_t kBodyMax = 1000;

/// Parses an HTTP reply.
/// \param closes true if the server closes the connection after the text.
/// \param pieces number of bytes that the parser gets at a time.
/// \return the parser, which holds the reply or the error.
ReplyParser parse(std::string_view text, bool closes = false, std::size_t pieces = 1,
                  bool head = false) {
  ReplyParser parser(head, kBodyMax);
  for (std::size_t i = 0; i < text.size(); i += pieces) {
    const std::string_view piece = text.substr(i, pieces);
    if (parser.feed(piece) < piece.size()) break;
  }
  if (closes) parser.end_of_stream();
  return parser;
}

struct Form {
  std::string_view text;
  unsigned status;
  std::string_view body;
  bool reusable;
  bool closes = false;
};

void PrintTo(const Form& form, std::ostream* out) {
  *out << ::testing::PrintToString(form.text);
}

class EveryForm : public ::testing::TestWithParam<Form> {};

TEST_P(EveryForm, Counts) {
  const Form& form = GetParam();
  for (const std::size_t pieces : {std::size_t{1}, std::size_t{7}, std::size_t{100000}}) {
    ReplyParser parser = parse(form.text, form.closes, pieces);
    EXPECT_THAT(parser.problem(), IsEmpty());
    ASSERT_TRUE(parser.is_done()) << pieces;
    EXPECT_EQ(parser.reply().status, form.status);
    EXPECT_EQ(parser.reply().body, form.body);
    EXPECT_EQ(parser.is_reusable(), form.reusable);
  }
}

constexpr Form kForms[] = {
    // The HTTP replies below have the usual form.
    {"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok", 200, "ok", true},
    {"HTTP/1.1 204 No Content\r\n\r\n", 204, "", true},
    {"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2;x=y\r\nok\r\n0\r\nA: b\r\n\r\n", 200,
     "ok", true},
    // The HTTP replies below have unusual status lines.
    {"HTTP/1.1 200\r\nContent-Length: 0\r\n\r\n", 200, "", true},
    {"HTTP/1.1 200 \r\nContent-Length: 0\r\n\r\n", 200, "", true},
    {"HTTP/1.1  204\tfine\r\n\r\n", 204, "", true},
    {"HTTP/1.0 204\r\n\r\n", 204, "", false},
    {"HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\nok", 200, "ok", false},
    {"http/1.1 204 lower\r\n\r\n", 204, "", true},
    {"HTTP/2 204\r\n\r\n", 204, "", true},
    {"HTTP/1.1 200 \xE6\x88\x90\xE5\x8A\x9F\r\nContent-Length: 0\r\n\r\n", 200, "", true},
    {"\r\n\nHTTP/1.1 204 No Content\r\n\r\n", 204, "", true},
    // The HTTP replies below have lines that end with a line feed alone.
    {"HTTP/1.1 200 OK\nContent-Length: 2\n\nok", 200, "ok", true},
    {"HTTP/1.1 200 OK\r\nContent-Length: 2\n\r\nok", 200, "ok", true},
    {"HTTP/1.1 200 OK\nTransfer-Encoding: chunked\n\n2\nok\n0\n\n", 200, "ok", true},
    // The HTTP replies below have interim replies (status 1xx) before the final reply.
    {"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n"
     "HTTP/1.1 204\r\n\r\n",
     204, "", true},
    {"HTTP/1.1 102\n\nHTTP/1.1 204\n\n", 204, "", true},
    // The HTTP replies below end when the server closes the connection.
    {"HTTP/1.1 200 OK\r\n\r\nuntil it closes", 200, "until it closes", false, true},
    {"HTTP/1.0 200 OK\n\n", 200, "", false, true},
    {"HTTP/1.0 204", 204, "", false, true},
    {"HTTP/1.1 204\r\nServer: x", 204, "", false, true},
    {"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n", 200, "ok", false,
     true},
    {"HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip\r\n\r\nzz", 200, "zz", false, true},
    // The HTTP replies below have unusual headers.
    {"HTTP/1.1 200 OK\r\ncontent-length:2\r\n\r\nok", 200, "ok", true},
    {"HTTP/1.1 200 OK\r\nCONTENT-LENGTH \t:\t 2 \t\r\n\r\nok", 200, "ok", true},
    {"HTTP/1.1 200 OK\r\nX-Long: a\r\n b\r\nContent-Length: 2\r\n\r\nok", 200, "ok", true},
    {"HTTP/1.1 200 OK\r\nno header\r\nContent-Length: 2\r\n\r\nok", 200, "ok", false},
    {"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 2\r\n\r\nok", 200, "ok", true},
    {"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\nok", 200, "ok", false, true},
    {"HTTP/1.1 200 OK\r\nContent-Length: many\r\n\r\nok", 200, "ok", false, true},
    {"HTTP/1.1 200 OK\r\nContent-Length: 9\r\nTransfer-Encoding: Chunked\r\n\r\n2 "
     "\r\nok\r\n0\r\n\r\n",
     200, "ok", false},
    {"HTTP/1.1 204\r\nConnection: foo, Close\r\n\r\n", 204, "", false},
    {"HTTP/1.1 204\r\nContent-Length: 5\r\n\r\n", 204, "", false},
    {"HTTP/1.1 204\r\nTransfer-Encoding: chunked\r\n\r\n", 204, "", false},
    {"HTTP/1.1 204\r\nContent-Length: 0\r\n\r\n", 204, "", true},
    {"HTTP/1.1 304 Not Modified\r\nContent-Length: 5\r\n\r\n", 304, "", true},
    {"HTTP/1.1 101 Switching Protocols\r\n\r\n", 101, "", false},
    {"HTTP/1.1 999 what\r\nContent-Length: 0\r\n\r\n", 999, "", true},
};
INSTANTIATE_TEST_SUITE_P(ReplyParser, EveryForm, ::testing::ValuesIn(kForms));

TEST(ReplyParser, CallsUnreadableWhatIsNoReplyAsSoonAsThatIsClear) {
  for (const std::string_view text :
       {"SSH-2.0-OpenSSH_9.2", "<html>hello</html>", "{\"ok\":true}", "\x15\x03\x01", "200 OK\r\n",
        "HTTPS/1.1 200 OK\r\n", "HTTP/1.1 OK\r\n", "HTTP/1.1 20\r\n", "HTTP/1.1 2000 OK\r\n",
        "HTTP/1.1200 OK\r\n", "HTTP/x 200\r\n", "HTTP/1.1 -20 OK\r\n", "HTTP/1.1 099 OK\n",
        " HTTP/1.1 200\n"}) {
    const ReplyParser parser = parse(text);
    EXPECT_THAT(parser.problem(), StartsWith("the reply is unreadable: it begins with \"")) << text;
    EXPECT_FALSE(parser.head_is_read()) << text;
  }
  EXPECT_THAT(parse("HTTP/1.1 2", true).problem(), HasSubstr("\"HTTP/1.1 2\""));
}

TEST(ReplyParser, ShowsWhatIsUnreadablePrintablyAndInPart) {
  const std::string text = "HTTP/1.1 \x1b[2J" + std::string(1000, 'x') + "\r\n";
  EXPECT_THAT(parse(text).problem(), HasSubstr("\"HTTP/1.1 [2Jxxx"));
  EXPECT_LT(parse(text).problem().size(), 200U);
}

TEST(ReplyParser, KnowsTheStatusOnceTheHeadIsReadWhateverBecomesOfTheBody) {
  for (const std::string_view text :
       {"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nabc", "HTTP/1.1 200 OK\r\n\r\nabc",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nabc\r\n",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabcdef\r\n"}) {
    ReplyParser parser = parse(text);
    EXPECT_FALSE(parser.is_done()) << text;
    EXPECT_TRUE(parser.head_is_read()) << text;
    EXPECT_EQ(parser.reply().status, 200U) << text;
  }
  EXPECT_FALSE(parse("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n").head_is_read());
}

TEST(ReplyParser, IsNotDoneWhereTheConnectionEndsWithinABodyOfKnownLength) {
  EXPECT_FALSE(parse("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nabc", true).is_done());
  EXPECT_FALSE(
      parse("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nabc", true).is_done());
}

TEST(ReplyParser, KeepsNoMoreOfABodyThanItMay) {
  ReplyParser parser = parse("HTTP/1.1 500 No\r\n\r\n" + std::string(kBodyMax + 1, 'x'));
  EXPECT_EQ(parser.reply().body.size(), kBodyMax);
  EXPECT_THAT(parser.problem(), HasSubstr("longer than 1000 bytes"));
}

TEST(ReplyParser, EndsWithAnEndlessHeadOrEndlessInterimReplies) {
  const std::string header = "X: " + std::string(1000, 'x') + "\r\n";
  std::string head = "HTTP/1.1 200 OK\r\n";
  for (int i = 0; i < 300; ++i) head += header;
  EXPECT_THAT(parse(head, false, 4096).problem(), HasSubstr("more than 262144 bytes"));
  std::string interim;
  for (int i = 0; i < 40; ++i) interim += "HTTP/1.1 100\r\n\r\n";
  EXPECT_THAT(parse(interim).problem(), HasSubstr("only interim"));
}

TEST(ReplyParser, TakesAsManySmallChunksAsTheBodyHas) {
  ReplyParser parser(false, 1 << 20);
  parser.feed("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n");
  for (int i = 0; i < 100000; ++i) parser.feed("1\r\nx\r\n");
  parser.feed("0\r\n\r\n");
  EXPECT_TRUE(parser.is_done()) << parser.problem();
  EXPECT_EQ(parser.reply().body.size(), 100000U);
}

TEST(ReplyParser, LeavesWhatFollowsTheReply) {
  ReplyParser parser(false, kBodyMax);
  const std::string_view two = "HTTP/1.1 204\r\n\r\nHTTP/1.1 500\r\n\r\n";
  EXPECT_EQ(parser.feed(two), 16U);
  EXPECT_EQ(parser.reply().status, 204U);
}

TEST(ReplyParser, ReadsNoBodyOfAReplyToHead) {
  EXPECT_TRUE(parse("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n", false, 1, true).is_done());
}

TEST(ReplyParser, FindsRetryAfter) {
  EXPECT_EQ(parse("HTTP/1.1 503 x\r\nretry-after:  7 \r\n\r\n").reply().retry_after, "7");
}

}  // namespace
}  // namespace couponhook::server
