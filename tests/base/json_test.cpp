// Tests of the strict JSON parser: for any text, it returns either a JSON document or exactly one
// error, and its cost is limited. The tests use texts exactly at each limit and just beyond it.

#include "base/json.hpp"

#include <cstring>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include <gtest/gtest.h>

namespace couponhook::handlers {
namespace {

using namespace std::string_literals;

std::optional<base::JsonError> error_of(std::string_view text,
                                        const base::JsonLimits& limits = {}) {
  const auto document = base::parse_object(text, limits);
  return document ? std::optional<base::JsonError>() : document.error();
}

std::string nested(std::size_t depth) {
  return "{\"a\":" + std::string(depth - 1, '[') + std::string(depth - 1, ']') + "}";
}

TEST(ParseObject, KeepsEveryKindOfValue) {
  const auto document = base::parse_object(
      R"({"n":null,"t":true,"i":-5,"u":18446744073709551615,"d":0.5,"s":"券\n","a":[1],"o":{}})",
      {});
  ASSERT_TRUE(document);
  EXPECT_TRUE((*document)["n"].IsNull());
  EXPECT_TRUE((*document)["t"].GetBool());
  EXPECT_EQ((*document)["i"].GetInt64(), -5);
  EXPECT_EQ((*document)["u"].GetUint64(), 18446744073709551615U);
  EXPECT_EQ((*document)["d"].GetDouble(), 0.5);
  EXPECT_STREQ((*document)["s"].GetString(), "券\n");
  EXPECT_EQ((*document)["a"][0].GetInt(), 1);
  EXPECT_TRUE((*document)["o"].IsObject());
}

// The parser looks at several bytes of a string at once, up to an escape or the end of the string.
TEST(ParseObject, ReadsEscapesAtEveryPlaceOfAString) {
  const std::string letters = "abcdefghijklmnopqrstuvwxyz券0123456789";
  const std::pair<std::string, std::string> escapes[] = {{R"(\n)", "\n"},
                                                         {R"(\")", "\""},
                                                         {R"(\\)", "\\"},
                                                         {R"(\u0001)", "\x01"},
                                                         {R"(\u5238)", "券"}};
  for (const auto& [escape, character] : escapes) {
    for (std::size_t first = 0; first <= 26; ++first) {
      for (std::size_t second = first; second <= 26; ++second) {
        std::string written = letters;
        written.insert(second, escape).insert(first, escape);
        std::string meant = letters;
        meant.insert(second, character).insert(first, character);
        const auto document = base::parse_object("{\"" + written + "\":\"" + written + "\"}", {});
        ASSERT_TRUE(document) << written;
        const auto member = document->value().MemberBegin();
        EXPECT_EQ(std::string(member->name.GetString(), member->name.GetStringLength()), meant);
        EXPECT_EQ(std::string(member->value.GetString(), member->value.GetStringLength()), meant);
      }
    }
  }
}

TEST(ParseObject, OutlivesTheTextItRead) {
  auto text = std::make_unique<std::string>(R"({"key":")" + std::string(2000, 'x') + R"("})");
  const auto document = base::parse_object(*text, {});
  text.reset();
  ASSERT_TRUE(document);
  EXPECT_EQ((*document)["key"].GetString(), std::string(2000, 'x'));
}

TEST(ParseObject, ReadsNoByteBeyondTheText) {
  const std::string text = R"({"a":1})";
  // Copy the text without a NUL at its end, so that the address sanitizer detects a parser that
  // reads past the end.
  const auto exact = std::make_unique<char[]>(text.size());
  std::memcpy(exact.get(), text.data(), text.size());
  EXPECT_TRUE(base::parse_object({exact.get(), text.size()}, {}));
  EXPECT_EQ(error_of({exact.get(), text.size() - 1}), base::JsonError::kSyntax);
}

TEST(ParseObject, RefusesWhatIsNotJson) {
  for (const std::string& text :
       {""s, " "s, "{"s, "}"s, "{\"a\":1,}"s, "{a:1}"s, "{'a':1}"s, "{\"a\":01}"s, "{\"a\":NaN}"s,
        "{\"a\":1}{}"s, "{\"a\":1} x"s, "{\"a\":\"\t\"}"s, "{\"a\":\"\\x\"}"s, "{\"a\":1e999}"s,
        "// comment\n{}"s, "<xml/>"s, "\xEF\xBB\xBF{}"s}) {
    EXPECT_EQ(error_of(text), base::JsonError::kSyntax) << text;
  }
}

TEST(ParseObject, RefusesNulBytesAnywhere) {
  for (const std::string& text :
       {"\0{}"s, "{}\0"s, "{}\0{\"a\":1}"s, "{\"a\0b\":1}"s, "{\"a\":\"\0\"}"s, "{\0}"s}) {
    EXPECT_EQ(error_of(text), base::JsonError::kSyntax);
  }
  EXPECT_EQ(error_of(R"({"a":"\u0000"})"), std::nullopt);
}

TEST(ParseObject, RefusesBytesThatAreNotUtf8) {
  for (const std::string& text :
       {"{\"a\":\"\xFF\"}"s, "{\"a\":\"\xC0\xAF\"}"s, "{\"a\":\"\xED\xA0\x80\"}"s,
        "{\"\xE5\x88\":1}"s, "{\"a\":1}\x80"s}) {
    EXPECT_EQ(error_of(text), base::JsonError::kSyntax);
  }
}

TEST(ParseObject, RefusesEscapedHalvesOfASurrogatePair) {
  for (const char* half : {R"(\ud83c)", R"(\udf75)", R"(\udf75\ud83c)", R"(\ud83cx)"}) {
    EXPECT_EQ(error_of("{\"a\":\""s + half + "\"}"), base::JsonError::kSyntax) << half;
    EXPECT_EQ(error_of("{\""s + half + "\":1}"), base::JsonError::kSyntax) << half;
  }
  const auto document = base::parse_object(R"({"a":"\ud83c\udf75","b":"한"})", {});
  ASSERT_TRUE(document);
  EXPECT_STREQ((*document)["a"].GetString(), "🍵");
}

TEST(ParseObject, AcceptsTheDepthLimitAndRefusesOneMore) {
  const base::JsonLimits limits{.depth_max = 5, .values_max = 100};
  EXPECT_EQ(error_of(nested(5), limits), std::nullopt);
  EXPECT_EQ(error_of(nested(6), limits), base::JsonError::kTooDeep);
}

TEST(ParseObject, StopsAtTheDepthLimitWhateverFollows) {
  EXPECT_EQ(error_of("{\"a\":" + std::string(1'000'000, '[')), base::JsonError::kTooDeep);
  std::string objects;
  for (int i = 0; i < 100'000; ++i) objects += "{\"a\":";
  EXPECT_EQ(error_of(objects), base::JsonError::kTooDeep);
}

TEST(ParseObject, CountsSiblingsNotAsDepth) {
  const base::JsonLimits limits{.depth_max = 2, .values_max = 100};
  EXPECT_EQ(error_of(R"({"a":[],"b":{},"c":[],"d":{}})", limits), std::nullopt);
}

TEST(ParseObject, AcceptsTheValueLimitAndRefusesOneMore) {
  const base::JsonLimits limits{.depth_max = 5, .values_max = 5};
  EXPECT_EQ(error_of(R"({"a":[1,2],"b":3})", limits), std::nullopt);
  EXPECT_EQ(error_of(R"({"a":[1,2],"b":3,"c":4})", limits), base::JsonError::kTooMany);
}

TEST(ParseObject, RefusesAKeyThatComesTwice) {
  for (const char* text : {R"({"a":1,"a":1})", R"({"a":1,"b":2,"a":3})", R"({"o":{"a":1,"a":2}})",
                           R"({"l":[0,[{"a":1,"a":2}]]})", R"({"":1,"":2})"}) {
    EXPECT_EQ(error_of(text), base::JsonError::kDuplicateKey) << text;
  }
}

TEST(ParseObject, ComparesKeysAfterUnescaping) {
  EXPECT_EQ(error_of(R"({"a":1,"\u0061":2})"), base::JsonError::kDuplicateKey);
  EXPECT_EQ(error_of(R"({"a":1,"a\u0000":2})"), std::nullopt);
}

TEST(ParseObject, AllowsOneKeyInDifferentObjects) {
  EXPECT_EQ(error_of(R"({"a":{"a":{"a":1}},"b":{"a":2}})"), std::nullopt);
}

TEST(ParseObject, FindsARepeatedKeyAmongAnyNumber) {
  for (const int count : {1, 2, 23, 24, 25, 26, 1000}) {
    std::string text = "{";
    for (int i = 0; i < count; ++i) text += "\"key" + std::to_string(i) + "\":0,";
    EXPECT_EQ(error_of(text + "\"last\":0}"), std::nullopt) << count;
    EXPECT_EQ(error_of(text + "\"key0\":0}"), base::JsonError::kDuplicateKey) << count;
  }
}

TEST(ParseObject, RefusesJsonOfAnotherType) {
  for (const char* text : {"null", "true", "0", "\"{}\"", "[]", "[{}]"}) {
    EXPECT_EQ(error_of(text), base::JsonError::kNotObject) << text;
  }
}

}  // namespace
}  // namespace couponhook::handlers
