// Checks that the parser reads an HTTP request as the sender meant it, or refuses it, in pieces of
// any size. The tests pass requests to the parser whole, byte by byte and split at every position,
// and the same requests with random changes.

#include "server/net/request_parser.hpp"

#include <random>
#include <utility>

#include <gtest/gtest.h>

namespace couponhook::server {
namespace {

constexpr RequestLimits kLimits{512, 64};

constexpr std::string_view kPost =
    "POST /notify?a=b HTTP/1.1\r\nHost: h\r\nX-Forwarded-For: 192.0.2.1\r\n"
    "wechatpay-NONCE:  n \r\nX-Forwarded-For: 192.0.2.2\r\nContent-Length: 4\r\n\r\nbody";
constexpr std::string_view kChunked =
    "POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\nConnection: x, close\r\n\r\n"
    "3;x=\"y\\\"\"\r\nabc\r\n2\r\nde\r\n0\r\nHost: i\r\nWechatpay-Nonce: t\r\n\r\n";

/// The parts of the request parser's result that an HTTP session uses.
struct Outcome {
  std::optional<HttpFault> fault;
  std::string detail;
  bool done = false;
  bool keep_alive = false;
  std::size_t used = 0;
  std::string method;
  std::string target;
  std::string nonce;
  std::string body;

  friend bool operator==(const Outcome&, const Outcome&) = default;
};

/// Passes pieces of the text to the request parser until it accepts no more.
/// \param next_size returns the size of the next piece.
template <typename NextSize>
Outcome parse(std::string_view text, NextSize next_size, RequestParts& parts) {
  parts.clear();
  RequestParser parser(parts, kLimits);
  std::size_t at = 0;
  while (at < text.size() && !parser.is_done() && !parser.fault()) {
    std::string_view piece = text.substr(at, next_size());
    while (!piece.empty() && !parser.is_done() && !parser.fault()) {
      const std::size_t used = parser.put(piece);
      at += used;
      piece.remove_prefix(used);
    }
  }
  Outcome outcome;
  outcome.fault = parser.fault();
  outcome.detail = parser.fault_detail();
  outcome.done = parser.is_done();
  // An error is detected somewhere inside a piece. So, after an error, the number of used bytes
  // depends on how the text is split and is not compared.
  if (!parser.fault()) outcome.used = at;
  if (!parser.is_done()) return outcome;
  outcome.keep_alive = parser.keep_alive();
  outcome.method = parts.method();
  outcome.target = parts.target();
  outcome.nonce = parts.find("Wechatpay-Nonce");
  outcome.body = parts.body();
  return outcome;
}

/// Parses the text of a request as a whole, and expects the same result if the text is passed byte
/// by byte or split at every position. \return that result.
Outcome parse_in_all_ways(std::string_view text) {
  RequestParts parts;
  const auto whole_size = [] { return std::string_view::npos; };
  const Outcome whole = parse(text, whole_size, parts);
  for (std::size_t split = 1; split < text.size(); ++split) {
    bool first = true;
    const auto next_size = [&] {
      return std::exchange(first, false) ? split : std::string_view::npos;
    };
    EXPECT_EQ(parse(text, next_size, parts), whole) << "split at " << split << " of " << text;
  }
  const auto one = [] { return std::size_t{1}; };
  EXPECT_EQ(parse(text, one, parts), whole) << "byte by byte: " << text;
  return whole;
}

std::optional<HttpFault> fault_of(std::string_view text) {
  return parse_in_all_ways(text).fault;
}

TEST(RequestParser, ReadsWhatWasSent) {
  const Outcome outcome = parse_in_all_ways(kPost);

  EXPECT_TRUE(outcome.done);
  EXPECT_TRUE(outcome.keep_alive);
  EXPECT_EQ(outcome.method, "POST");
  EXPECT_EQ(outcome.target, "/notify?a=b");
  EXPECT_EQ(outcome.nonce, "n");
  EXPECT_EQ(outcome.body, "body");
}

TEST(RequestParser, JoinsChunksAndDropsExtensionsAndTrailers) {
  const Outcome outcome = parse_in_all_ways(kChunked);

  EXPECT_TRUE(outcome.done);
  EXPECT_EQ(outcome.body, "abcde");
  EXPECT_EQ(outcome.nonce, "") << "a trailer is no header";
  EXPECT_FALSE(outcome.keep_alive);
}

TEST(RequestParser, TakesNoByteOfTheNextRequest) {
  for (const std::string_view first : {kPost, kChunked}) {
    const std::string both = std::string(first) + std::string(kPost);
    EXPECT_EQ(parse_in_all_ways(both).used, first.size());
  }
}

TEST(RequestParser, StopsBehindTheHeadFirst) {
  RequestParts parts;
  RequestParser parser(parts, kLimits);

  EXPECT_EQ(parser.put(kPost), kPost.size() - 4);
  EXPECT_TRUE(parser.is_head_done());
  EXPECT_FALSE(parser.is_done());
  EXPECT_EQ(parser.put("body"), 4U);
  EXPECT_TRUE(parser.is_done());
}

TEST(RequestParser, SkipsEmptyLinesWithoutBeginning) {
  RequestParts parts;
  RequestParser parser(parts, kLimits);

  EXPECT_EQ(parser.put("\r\n\n\r"), 4U);
  EXPECT_FALSE(parser.begun());
  EXPECT_EQ(parser.put("\nG"), 2U);
  EXPECT_TRUE(parser.begun());
}

TEST(RequestParser, TakesTheAbsoluteForm) {
  const auto target_of = [](std::string_view target) {
    return parse_in_all_ways("GET " + std::string(target) + " HTTP/1.1\r\nHost: h\r\n\r\n").target;
  };
  EXPECT_EQ(target_of("https://host.example/a?b"), "/a?b");
  EXPECT_EQ(target_of("HTTP://host.example:8443"), "/");
  EXPECT_EQ(target_of("http://[::1]?x=/notify"), "/?x=/notify");
  EXPECT_EQ(target_of("/x?u=http://h/notify"), "/x?u=http://h/notify");
  EXPECT_EQ(target_of("a?b://c/notify"), "") << "refused";
}

TEST(RequestParser, ReportsEachFault) {
  const auto with = [](std::string_view lines) {
    return fault_of("POST / HTTP/1.1\r\n" + std::string(lines) + "\r\n");
  };
  EXPECT_EQ(with("Host: h\r\n"), std::nullopt);
  EXPECT_EQ(with(""), HttpFault::kMalformed) << "no Host";
  EXPECT_EQ(with("Host: h\r\nHost: h\r\n"), HttpFault::kMalformed);
  EXPECT_EQ(with("Host: h\r\nX: a\r\n b\r\n"), HttpFault::kMalformed) << "folded";
  EXPECT_EQ(with("Host: h\nX: a\r\n"), HttpFault::kMalformed) << "bare line feed";
  EXPECT_EQ(with("Host: h\r\nContent-Length: 65\r\n"), HttpFault::kBodyTooLarge);
  EXPECT_EQ(with("Host: h\r\nX: " + std::string(600, 'x') + "\r\n"), HttpFault::kHeadersTooLarge);
  EXPECT_EQ(with("Host: h\r\nTransfer-Encoding: chunked\r\n\r\n41\r\n"), HttpFault::kBodyTooLarge);
  EXPECT_EQ(with("Host: h\r\nTransfer-Encoding: chunked\r\n\r\n0\r\nX: " + std::string(600, 'x')),
            HttpFault::kHeadersTooLarge);
  EXPECT_EQ(fault_of("GET / HTTP/1.2\r\n"), HttpFault::kVersionUnsupported);
  EXPECT_EQ(fault_of("GET /" + std::string(600, 'x')), HttpFault::kTargetTooLong);
}

// The parser looks at several bytes of a line at once.
TEST(RequestParser, RefusesControlCharactersAtEveryPlaceOfALine) {
  for (int value = 0; value < 256; ++value) {
    const bool is_control = (value < 0x20 && value != '\t') || value == 0x7F;
    for (std::size_t place = 0; place < 18; ++place) {
      std::string line = "X: xxxxxxxxxxxxxxxxxx";
      line[3 + place] = static_cast<char>(value);
      RequestParts parts;
      const auto whole_size = [] { return std::string_view::npos; };
      const Outcome outcome =
          parse("POST / HTTP/1.1\r\nHost: h\r\n" + line + "\r\n\r\n", whole_size, parts);
      ASSERT_EQ(outcome.fault == HttpFault::kMalformed, is_control) << value << " at " << place;
      ASSERT_NE(outcome.done, is_control);
    }
  }
}

TEST(RequestParser, ClosesBehindHttp10UnlessAskedOtherwiseWithoutChunks) {
  const auto stays_open = [](std::string_view lines, std::string_view body) {
    return parse_in_all_ways("POST / HTTP/1.0\r\n" + std::string(lines) + "\r\n" +
                             std::string(body))
        .keep_alive;
  };
  EXPECT_FALSE(stays_open("", ""));
  EXPECT_TRUE(stays_open("Connection: keep-alive\r\n", ""));
  EXPECT_FALSE(stays_open("Connection: keep-alive\r\nTransfer-Encoding: chunked\r\n", "0\r\n\r\n"));
}

/// The bytes of this request made Boost.Beast's parser fail an assertion: that parser took the line
/// of the last chunk as complete too early.
TEST(RequestParser, SurvivesAnEndInsideTheLastChunksLine) {
  const std::string head = "POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n";
  for (const std::string_view body :
       {"0\r\n", "0;", "0\r\n\r", "0\r\nX", "1\r\na\r\n0\r\n", "1\r\na\r\n0;a\r\nX: 1\r\n",
        "00000\r\n\r\n\r\n", "0;a=\"\r\n\"\r\n\r\n", "1\r\na0\r\n\r\n"}) {
    static_cast<void>(parse_in_all_ways(head + std::string(body)));
  }
}

/// Returns the text with up to three random changes. The inserted bytes are often bytes with a
/// meaning for the parser.
std::string mutated(std::string text, std::minstd_rand& random) {
  constexpr std::string_view kTelling = "\r\n \t:;=\"\\0aF,%#/?*\x00\x7f\xff";
  const auto below = [&](std::size_t bound) { return random() % bound; };
  for (std::size_t changes = 1 + below(3); changes != 0; --changes) {
    const std::size_t at = below(text.size());
    const char byte = kTelling[below(kTelling.size())];
    switch (below(4)) {
      case 0:
        text[at] = byte;
        break;
      case 1:
        text.insert(at, 1, byte);
        break;
      case 2:
        text.erase(at, 1 + below(3));
        break;
      default:
        text.insert(at, text.substr(below(text.size()), below(20)));
    }
    if (text.empty()) text = "x";
  }
  return text;
}

TEST(RequestParser, ParsesTheSameInPiecesOfAnySize) {
  std::minstd_rand random(20261130);
  const std::string chunked(kChunked);
  for (int round = 0; round < 100; ++round) {
    static_cast<void>(parse_in_all_ways(mutated(std::string(kPost), random)));
    static_cast<void>(parse_in_all_ways(mutated(chunked, random)));
    // This random change alters only the body, where the chunks are.
    const std::size_t body = chunked.find("3;x");
    const std::string changed = mutated(chunked.substr(body), random);
    static_cast<void>(parse_in_all_ways(chunked.substr(0, body) + changed));
  }
}

TEST(RequestParts, FindFieldsWhateverTheirCaseAndKeepTheirOrder) {
  RequestParts parts;
  static_cast<void>(parse(
      kPost, [] { return std::size_t{7}; }, parts));
  EXPECT_EQ(parts.find("Wechatpay-Serial"), "");
  EXPECT_EQ(parts.find_all("x-forwarded-for"),
            (std::vector<std::string_view>{"192.0.2.1", "192.0.2.2"}));
}

TEST(RequestParts, ForgetTheRequestBefore) {
  RequestParts parts;
  const auto whole = [] { return std::string_view::npos; };
  ASSERT_TRUE(parse(kPost, whole, parts).done);
  ASSERT_TRUE(parse("GET http://h?q HTTP/1.0\r\n\r\n", whole, parts).done);
  ASSERT_TRUE(parse("GET /next HTTP/1.1\r\nHost: h\r\n\r\n", whole, parts).done);
  EXPECT_EQ(parts.target(), "/next");
  EXPECT_FALSE(parts.is_http_1_0());
  EXPECT_EQ(parts.find("Wechatpay-Nonce"), "");
  EXPECT_EQ(parts.body(), "");
}

TEST(RequestParser, ContradictingFieldsThatDecideAreRefused) {
  const auto with = [](std::string_view lines) {
    return fault_of("GET / HTTP/1.1\r\nHost: h\r\n" + std::string(lines) + "\r\n");
  };
  EXPECT_EQ(with("Wechatpay-Nonce: a\r\nwechatpay-nonce: a\r\n"), std::nullopt);
  EXPECT_EQ(with("Wechatpay-Nonce: a\r\nwechatpay-nonce: b\r\n"), HttpFault::kMalformed);
  EXPECT_EQ(with("Authorization: a\r\nAuthorization: b\r\n"), HttpFault::kMalformed);
  EXPECT_EQ(with("Request-ID: a\r\nRequest-ID: b\r\n"), std::nullopt);
  EXPECT_EQ(with("Content-Length: 0\r\nContent-Length: 0\r\n"), std::nullopt);
  EXPECT_EQ(with("Content-Length: 0\r\nContent-Length: 00\r\n"), HttpFault::kMalformed);
}

}  // namespace
}  // namespace couponhook::server
