// Checks that the JSON parser refuses strings with forbidden control characters, and that the JSON
// writer never writes them. RapidJSON's SIMD code checks 16 bytes at once and does not detect 0x1A
// to 0x1F, so the tests put each of the 32 control characters at every position of a string.

#include <string>

#include <gtest/gtest.h>
#include <rapidjson/stringbuffer.h>
#include <rapidjson/writer.h>

#include "base/json.hpp"
#include "handlers/notification.hpp"
#include "handlers/webhook.hpp"

namespace couponhook::handlers {
namespace {

// Length of the test strings: more than two groups of 16 bytes, which RapidJSON's SIMD code checks
// at once.
constexpr std::size_t kPlaces = 40;

bool has_control_character(std::string_view text) {
  for (const char c : text) {
    if (static_cast<unsigned char>(c) < 0x20) return true;
  }
  return false;
}

/// Calls the function `check` with a test string for each control character at each position of the
/// string.
template <typename Check>
void at_every_place(const Check& check) {
  for (int c = 0; c < 0x20; ++c) {
    for (std::size_t place = 0; place < kPlaces; ++place) {
      std::string text(kPlaces, 'x');
      text[place] = static_cast<char>(c);
      check(text);
    }
  }
}

TEST(ControlCharacters, AreRefusedInAValueAndInAKey) {
  at_every_place([](const std::string& text) {
    EXPECT_FALSE(base::parse_object("{\"a\":\"" + text + "\"}", {})) << int(text[0]);
    EXPECT_FALSE(base::parse_object("{\"" + text + "\":1}", {}));
  });
}

TEST(ControlCharacters, AreRefusedInEveryFieldOfAnEnvelope) {
  const std::string envelope =
      R"({"id":"N","create_time":"T","event_type":"COUPON.USE","resource_type":"R","summary":"S",)"
      R"("more":"M","resource":{"algorithm":"A","nonce":"O","associated_data":"D",)"
      R"("ciphertext":"C","original_type":"Y"}})";
  ASSERT_TRUE(parse_notification(envelope, {}));
  for (const char* value : {"\"N\"", "\"T\"", "\"R\"", "\"S\"", "\"M\"", "\"A\"", "\"O\"", "\"D\"",
                            "\"C\"", "\"Y\"", "\"COUPON.USE\""}) {
    at_every_place([&](const std::string& text) {
      std::string with = envelope;
      with.replace(with.find(value) + 1, std::string_view(value).size() - 2, text);
      const auto refused = parse_notification(with, {});
      ASSERT_FALSE(refused) << value;
      EXPECT_EQ(refused.error().error, EnvelopeError::kJson) << value;
    });
  }
}

TEST(ControlCharacters, AreEscapedByTheWriter) {
  at_every_place([](const std::string& text) {
    rapidjson::StringBuffer buffer;
    rapidjson::Writer<rapidjson::StringBuffer> writer(buffer);
    writer.StartObject();
    writer.Key(text.data(), static_cast<rapidjson::SizeType>(text.size()));
    writer.String(text.data(), static_cast<rapidjson::SizeType>(text.size()));
    writer.EndObject();
    EXPECT_FALSE(has_control_character({buffer.GetString(), buffer.GetSize()}));
  });
}

TEST(ControlCharacters, AreEscapedInWhatHandlersAreSent) {
  const CouponEvent event;
  at_every_place([&](const std::string& text) {
    const std::string in_object = "{\"a\":\"" + text + "\"}";
    for (const std::string& resource : {in_object, text, "{\"" + text + "\":1}"}) {
      const HandledEvent handled{.notification_id = text,
                                 .mchid = text,
                                 .event_type = text,
                                 .create_time = text,
                                 .received_at_ms = 0,
                                 .source = text,
                                 .resource = resource,
                                 .event = event,
                                 .ordering_key = text};
      const std::string body = webhook_body(handled);
      EXPECT_FALSE(has_control_character(body));
      EXPECT_TRUE(base::parse_object(body, {})) << body;
    }
  });
}

}  // namespace
}  // namespace couponhook::handlers
