// Checks that no configuration file can crash the program, and that each malformed file is refused
// with the number of an existing line. The tests use texts on which plain toml++ fails an assertion
// or has undefined behaviour, and random changes of texts.

#include "server/config/toml.hpp"

#include <algorithm>
#include <array>
#include <random>

#include <gmock/gmock.h>

namespace couponhook::server {
namespace {

using ::testing::HasSubstr;

std::string refusal(std::string_view content) {
  const auto table = parse_toml(content);
  if (table) return "none";
  return "line " + std::to_string(table.error().line) + ": " + table.error().message;
}

TEST(Toml, IsRefusedWithItsLineWhereTomlPlusPlusWouldAssert) {
  for (const std::string_view text : {"[\n", "[*\n", "[[\n", "[ \n", "[\t\n", "[a]\n[\n", "[.\n"}) {
    const std::string why = refusal("x = 1\n" + std::string(text));
    EXPECT_THAT(why, testing::AnyOf(HasSubstr("line 2:"), HasSubstr("line 3:"))) << text;
  }
}

TEST(Toml, IsRefusedWhereTomlPlusPlusMayNotBeAsked) {
  EXPECT_THAT(refusal("x = 1\n\u018e = 1\n"),
              HasSubstr("line 2: has a character outside of ASCII"));
  EXPECT_THAT(refusal("x\u00a0= 1\n"), HasSubstr("a no-break space (U+00A0) outside of quotes"));
  EXPECT_THAT(refusal("x = \u201ca\u201d\n"), HasSubstr("a curly quote (U+201C)"));
  EXPECT_THAT(refusal("x = 1\"\u018e\"\n"), HasSubstr("a quote directly behind"));
  EXPECT_THAT(refusal("x = 1.\"\u018e\"\n"), HasSubstr("dotted key"));
  EXPECT_THAT(refusal("x = \"\"\"a\\ \u018e\"\"\"\n"), HasSubstr("a backslash before a blank"));
  EXPECT_THAT(refusal("x = \"a\\\u018e\"\n"), HasSubstr("a backslash before"));
  EXPECT_THAT(refusal("x = 1\ny = \"\xff\"\n"), HasSubstr("line 2: is not UTF-8"));
  EXPECT_THAT(refusal("x = 1\r\ny = 2\rz = 3"), HasSubstr("line 2: has a carriage return"));
  EXPECT_THAT(refusal(std::string_view("\xff\xfex\0", 4)), HasSubstr("line 1: is UTF-16"));
  EXPECT_THAT(refusal(std::string_view("x = 1\n\0", 7)), HasSubstr("line 2: has a NUL byte"));
  std::string deep = "a";
  for (int i = 0; i < 100'000; ++i) deep += ".a";
  EXPECT_THAT(refusal("x = 1\n" + deep + " = 1\n"), HasSubstr("line 2: has too many dots"));
}

TEST(Toml, KeepsItsValues) {
  const auto table = parse_toml(
      "\xEF\xBB\xBF# \u018e\r\na.\"b c\".d = '\u018e'\nlong = \"\"\"one \\\n\n   \u018e two "
      "\\u00e9 x\"\"\"\n"
      "quotes = \"\"\"a\"\"\"\"\"\nempty = \"\"\nraw = '''x\\\n\u018e''''\n");
  ASSERT_TRUE(table) << table.error().message;
  EXPECT_EQ(table->at_path("a.b c.d").value<std::string>(), "\u018e");
  EXPECT_EQ((*table)["long"].value<std::string>(), "one \u018e two \u00e9 x");
  EXPECT_EQ((*table)["quotes"].value<std::string>(), "a\"\"");
  EXPECT_EQ((*table)["empty"].value<std::string>(), "");
  EXPECT_EQ((*table)["raw"].value<std::string>(), "x\\\n\u018e'");
}

TEST(Toml, CountsTheLinesOfAStringThatIsContinued) {
  EXPECT_THAT(refusal("x = \"\"\"a \\\n\n  b\"\"\"\ny = = 1\n"), HasSubstr("line 4:"));
  EXPECT_THAT(refusal("x = \"\"\"a \\\n\n  b\"\"\"\n\n[\n"), HasSubstr("line 5:"));
}

TEST(Toml, TakesVariablesWithoutQuotes) {
  const auto table = parse_toml("port = ${PORT}\nlist = [ ${A},${B_2} ] # ${C}\ns = \"${D}\"\n");
  ASSERT_TRUE(table) << table.error().message;
  EXPECT_EQ((*table)["port"].value<std::string>(), "${PORT}");
  EXPECT_EQ((*table)["list"][1].value<std::string>(), "${B_2}");
  EXPECT_EQ((*table)["s"].value<std::string>(), "${D}");
  for (const std::string_view text :
       {"x = ${\n", "x = ${}\n", "x = ${A\n", "x = ${A B}\n", "x = 80${A}\n", "x = $A\n"}) {
    EXPECT_THAT(refusal(text), HasSubstr("line 1:")) << text;
  }
}

/// Parses random texts, to find a text that crashes the parser. This is a short version of a longer
/// fuzz run with sanitizers.
TEST(Toml, NeitherEndsTheProgramNorNamesALineThatIsNotThere) {
  constexpr std::array<std::string_view, 40> kPieces = {
      "[",    "]",      "[[",     "]]",  "\n",     "\r\n",       "\r",       "=",
      ".",    ",",      "\"",     "'",   "\"\"\"", "'''",        "{",        "}",
      "#",    "${",     " ",      "\t",  "\\",     "\\u",        "+",        "-",
      "0x",   "1_",     "1e",     "inf", "true",   "1979-05-27", "07:32:00", "\xEF\xBB\xBF",
      "\xff", "\u200b", "\u018e", "a",   "a.b",    "\x7f",       "\u2028",   "1"};
  const std::string seed =
      "[a]\nb = \"c\" # d\ne = [1, 2.5e3, 0x1f]\n[[f]]\ng = { h = 1, \"i.j\" = true }\n"
      "k = \"\"\"l \\\n m\u018e\"\"\"\nn.o = '\u018e'\np = 1979-05-27T07:32:00Z\nq = ${R}\n";
  std::mt19937 random(20261130);
  const auto below = [&](std::size_t limit) { return random() % limit; };
  for (int i = 0; i < 5000; ++i) {
    std::string text = i % 3 == 0 ? std::string() : seed;
    for (std::size_t changes = 1 + below(6); changes > 0; --changes) {
      const std::size_t at = below(text.size() + 1);
      if (below(3) == 0 && at < text.size())
        text.erase(at, 1 + below(5));
      else
        text.insert(at, kPieces[below(kPieces.size())]);
    }
    const auto table = parse_toml(text);
    if (table) continue;
    const auto lines = static_cast<std::size_t>(std::ranges::count(text, '\n')) + 1;
    EXPECT_GE(table.error().line, 1U) << text;
    EXPECT_LE(table.error().line, lines) << text;
    EXPECT_FALSE(table.error().message.empty());
  }
}

}  // namespace
}  // namespace couponhook::server
