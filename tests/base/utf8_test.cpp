// Tests of UTF-8 validation: exactly the byte sequences of RFC 3629 are accepted, at every position
// of a text. RapidJSON's encoder and validator serve as an independent reference.

#include "base/utf8.hpp"

#include <string>

#include <gtest/gtest.h>
#include <rapidjson/encodings.h>
#include <rapidjson/memorystream.h>
#include <rapidjson/stringbuffer.h>

namespace couponhook::handlers {
namespace {

bool rapidjson_says(std::string_view text) {
  rapidjson::MemoryStream in(text.data(), text.size());
  rapidjson::StringBuffer out;
  while (in.Tell() < text.size()) {
    if (!rapidjson::UTF8<>::Validate(in, out)) return false;
  }
  return true;
}

std::string bytes(std::initializer_list<int> values) {
  std::string text;
  for (const int value : values) text.push_back(static_cast<char>(value));
  return text;
}

TEST(Utf8, AcceptsEveryCodePointButSurrogates) {
  for (unsigned code = 0; code <= 0x10FFFF; ++code) {
    rapidjson::StringBuffer encoded;
    rapidjson::UTF8<>::Encode(encoded, code);
    const bool surrogate = code >= 0xD800 && code <= 0xDFFF;
    ASSERT_EQ(base::is_utf8({encoded.GetString(), encoded.GetSize()}), !surrogate) << code;
  }
}

TEST(Utf8, DecodesEveryCodePointButSurrogates) {
  for (unsigned code = 0; code <= 0x10FFFF; ++code) {
    rapidjson::StringBuffer encoded;
    rapidjson::UTF8<>::Encode(encoded, code);
    const std::string text = std::string(encoded.GetString(), encoded.GetSize()) + "z";
    const base::Utf8Character first = base::first_utf8_character(text);
    const bool surrogate = code >= 0xD800 && code <= 0xDFFF;
    ASSERT_EQ(first.code, surrogate ? std::nullopt : std::optional<char32_t>(code));
    ASSERT_EQ(first.bytes, surrogate ? 1 : encoded.GetSize()) << code;
  }
}

TEST(Utf8, AgreesWithRapidJsonOnEveryPairOfBytes) {
  for (int first = 0; first < 256; ++first) {
    for (int second = 0; second < 256; ++second) {
      const std::string text = bytes({first, second});
      ASSERT_EQ(base::is_utf8(text), rapidjson_says(text)) << first << ' ' << second;
    }
  }
}

TEST(Utf8, AgreesWithRapidJsonOnLongSequences) {
  for (int lead = 0xE0; lead < 256; ++lead) {
    for (int second = 0; second < 256; ++second) {
      for (const int third : {0x00, 0x7F, 0x80, 0xBF, 0xC0, 0xFF}) {
        for (const int fourth : {0x22, 0x7F, 0x80, 0xBF, 0xC0}) {
          const std::string text = bytes({lead, second, third, fourth});
          ASSERT_EQ(base::is_utf8(text), rapidjson_says(text))
              << lead << ' ' << second << ' ' << third << ' ' << fourth;
        }
      }
    }
  }
}

TEST(Utf8, FindsOneBadByteAtEveryPosition) {
  for (std::size_t position = 0; position < 40; ++position) {
    std::string text(40, 'a');
    text[position] = '\xFF';
    EXPECT_FALSE(base::is_utf8(text)) << position;
  }
}

TEST(Utf8, RefusesASequenceThatTheEndCutsShort) {
  const std::string character = "\xF0\x9F\x8D\xB5";
  for (std::size_t length = 1; length < character.size(); ++length) {
    EXPECT_FALSE(base::is_utf8("12345678" + character.substr(0, length))) << length;
  }
  EXPECT_TRUE(base::is_utf8("12345678" + character));
}

}  // namespace
}  // namespace couponhook::handlers
