// The messages that `couponhook listen` reads, and the member of a JSON text that it copies.

#include "server/commands/event_messages.hpp"

#include <gtest/gtest.h>

namespace couponhook::server {
namespace {

TEST(EventMessages, AreReadWithoutCommentsAndWithoutACutMessage) {
  const auto messages = parse_event_messages(
      "retry: 500\n\nid: 1.0\nevent: hello\ndata: {}\n\n: no event\n\nid: 2.0\ndata: {\"a\":1}\n\n"
      "id: 3.0\ndata: {\"a\":2");
  ASSERT_EQ(messages.size(), 2U);
  EXPECT_EQ(messages[0].id, "1.0");
  EXPECT_EQ(messages[0].name, "hello");
  EXPECT_EQ(messages[1].id, "2.0");
  EXPECT_EQ(messages[1].name, "");
  EXPECT_EQ(messages[1].data, "{\"a\":1}");
}

TEST(RawMember, IsCopiedByteForByte) {
  const std::string_view json =
      R"({"a":{"resource":1},"resource": {"n":1.50, "b":[{"c":"}"}],"s":"\u4e2d"} ,"z":2})";
  EXPECT_EQ(raw_member(json, "resource"), R"({"n":1.50, "b":[{"c":"}"}],"s":"\u4e2d"})");
  EXPECT_EQ(raw_member(json, "z"), "2");
  EXPECT_EQ(raw_member(json, "c"), std::nullopt);
  EXPECT_EQ(raw_member("{", "c"), std::nullopt);
}

}  // namespace
}  // namespace couponhook::server
