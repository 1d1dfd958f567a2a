// Tests of parsing the envelope (the JSON body) of a notification. The parser must accept all forms
// of real notifications, but must insist on the required fields. An error must name the field but
// never contain its value. The tests change one field of a valid envelope at a time.

#include "handlers/notification.hpp"

#include <algorithm>
#include <string>

#include <gtest/gtest.h>
#include <rapidjson/pointer.h>
#include <rapidjson/stringbuffer.h>
#include <rapidjson/writer.h>
#include "support/parse_json.hpp"

namespace couponhook::handlers {
namespace {

constexpr const char* kEnvelope = R"({
  "id":"EV-2024030500000001","create_time":"2024-03-05T07:58:42+08:00","event_type":"COUPON.USE",
  "resource_type":"encrypt-resource","summary":"代金券核销通知",
  "resource":{"original_type":"coupon","algorithm":"AEAD_AES_256_GCM","ciphertext":"c2VhbGVk",
              "associated_data":"coupon","nonce":"abcdefghijkl"}})";

std::string serialised(const rapidjson::Document& document) {
  rapidjson::StringBuffer text;
  rapidjson::Writer<rapidjson::StringBuffer> writer(text);
  document.Accept(writer);
  return text.GetString();
}

/// Returns the envelope (the JSON body) of a valid notification in which one field was changed: the
/// field at the JSON pointer `pointer` has the JSON value `value`.
std::string with(const std::string& pointer, const std::string& value) {
  rapidjson::Document envelope = support::parse_json(kEnvelope);
  rapidjson::Document parsed = support::parse_json(value);
  rapidjson::Pointer(pointer.c_str()).Set(envelope, parsed);
  return serialised(envelope);
}

std::string without(const std::string& pointer) {
  rapidjson::Document envelope = support::parse_json(kEnvelope);
  rapidjson::Pointer(pointer.c_str()).Erase(envelope);
  return serialised(envelope);
}

/// Returns the JSON pointer of a field, such as "/resource/nonce" for "resource.nonce".
std::string pointer_to(const std::string& field) {
  std::string pointer = "/" + field;
  std::replace(pointer.begin(), pointer.end(), '.', '/');
  return pointer;
}

std::string quoted(const std::string& text) {
  return "\"" + text + "\"";
}

void expect_problem(const std::string& body, EnvelopeError error, const std::string& message) {
  const auto notification = parse_notification(body, {});
  ASSERT_FALSE(notification) << body;
  EXPECT_EQ(notification.error().error, error) << body;
  EXPECT_EQ(notification.error().message, message);
}

TEST(ParseNotification, ReadsEveryField) {
  const auto notification = parse_notification(kEnvelope, {});
  ASSERT_TRUE(notification);
  EXPECT_EQ(notification->id, "EV-2024030500000001");
  EXPECT_EQ(notification->event_type, "COUPON.USE");
  EXPECT_EQ(notification->create_time, "2024-03-05T07:58:42+08:00");
  EXPECT_EQ(notification->resource_type, "encrypt-resource");
  EXPECT_EQ(notification->summary, "代金券核销通知");
  EXPECT_EQ(notification->resource.algorithm, "AEAD_AES_256_GCM");
  EXPECT_EQ(notification->resource.nonce, "abcdefghijkl");
  EXPECT_EQ(notification->resource.associated_data, "coupon");
  EXPECT_EQ(notification->resource.ciphertext, "c2VhbGVk");
  EXPECT_EQ(notification->resource.original_type, "coupon");
  EXPECT_EQ(notification->unknown_fields, "");
}

TEST(ParseNotification, TakesMissingNullAndEmptyOptionalFieldsAsEmpty) {
  for (const char* pointer : {"/summary", "/create_time", "/resource_type",
                              "/resource/original_type", "/resource/associated_data"}) {
    for (const std::string& body :
         {without(pointer), with(pointer, "null"), with(pointer, "\"\"")}) {
      const auto notification = parse_notification(body, {});
      ASSERT_TRUE(notification) << body;
      const auto& n = *notification;
      const int empty = n.summary.empty() + n.create_time.empty() + n.resource_type.empty() +
                        n.resource.original_type.empty() + n.resource.associated_data.empty();
      EXPECT_EQ(empty, 1) << body;
    }
  }
}

TEST(ParseNotification, NamesARequiredFieldThatIsMissingNullOrEmpty) {
  for (const std::string field :
       {"id", "event_type", "resource.algorithm", "resource.nonce", "resource.ciphertext"}) {
    const std::string pointer = pointer_to(field);
    for (const std::string& body :
         {without(pointer), with(pointer, "null"), with(pointer, "\"\"")}) {
      expect_problem(body, EnvelopeError::kFieldMissing, field + " is missing");
    }
  }
  expect_problem(without("/resource"), EnvelopeError::kFieldMissing, "resource is missing");
  expect_problem(with("/resource", "null"), EnvelopeError::kFieldMissing, "resource is missing");
}

TEST(ParseNotification, NamesARequiredFieldOfAnotherType) {
  for (const std::string field : {"id", "event_type", "resource.algorithm", "resource.nonce",
                                  "resource.ciphertext", "resource.associated_data"}) {
    const std::string pointer = pointer_to(field);
    for (const char* value : {"1", "true", "[]", "{}"}) {
      expect_problem(with(pointer, value), EnvelopeError::kFieldType, field + " is not a string");
    }
  }
  expect_problem(with("/resource", "\"\""), EnvelopeError::kFieldType, "resource is not an object");
  expect_problem(with("/resource", "[]"), EnvelopeError::kFieldType, "resource is not an object");
}

TEST(ParseNotification, KeepsAnInformativeFieldOfAnotherTypeAsUnknown) {
  for (const std::string field : {"create_time", "resource_type", "summary"}) {
    for (const std::string value : {"1", "true", "[]", "{}"}) {
      const auto notification = parse_notification(with(pointer_to(field), value), {});
      ASSERT_TRUE(notification) << field;
      EXPECT_EQ(notification->unknown_fields, "{\"" + field + "\":" + value + "}");
    }
  }
  const auto notification = parse_notification(with("/resource/original_type", "1"), {});
  ASSERT_TRUE(notification);
  EXPECT_EQ(notification->unknown_fields, R"({"resource":{"original_type":1}})");
}

TEST(ParseNotification, AcceptsTheLongestRequiredFieldsAndRejectsOneByteMore) {
  for (const std::string field : {"id", "event_type"}) {
    const std::string longest(64, 'x');
    EXPECT_TRUE(parse_notification(with(pointer_to(field), quoted(longest)), {})) << field;
    expect_problem(with(pointer_to(field), quoted(longest + "x")), EnvelopeError::kFieldValue,
                   field + " is too long");
  }
}

TEST(ParseNotification, KeepsAnInformativeFieldThatIsTooLongAsUnknown) {
  const std::string longest(1024, 'x');
  EXPECT_EQ(parse_notification(with("/summary", quoted(longest)), {})->summary, longest);
  const auto notification = parse_notification(with("/summary", quoted(longest + "x")), {});
  ASSERT_TRUE(notification);
  EXPECT_EQ(notification->summary, "");
  EXPECT_EQ(notification->unknown_fields, "{\"summary\":" + quoted(longest + "x") + "}");
}

TEST(ParseNotification, AcceptsACiphertextOfTheDocumentedMaximum) {
  EXPECT_TRUE(
      parse_notification(with("/resource/ciphertext", quoted(std::string(1 << 20, 'A'))), {}));
}

TEST(ParseNotification, RefusesIdsThatAreNotVisibleAscii) {
  for (const char* id : {"a b", "a\\n", "a\\u007f", "\\u0000", "券"}) {
    expect_problem(with("/id", quoted(id)), EnvelopeError::kFieldValue,
                   "id has characters that are not allowed");
  }
}

TEST(ParseNotification, RefusesEventTypesOfOtherCharacters) {
  for (const char* type : {"COUPON USE", "COUPON/USE", "COUPON*", "COUPON\\n", "券"}) {
    expect_problem(with("/event_type", quoted(type)), EnvelopeError::kFieldValue,
                   "event_type has characters that are not allowed");
  }
  EXPECT_TRUE(parse_notification(with("/event_type", "\"Az09._-\""), {}));
}

TEST(ParseNotification, KeepsTextWithANulEscapedAsUnknown) {
  const auto notification = parse_notification(with("/summary", "\"a\\u0000b\""), {});
  ASSERT_TRUE(notification);
  EXPECT_EQ(notification->unknown_fields, R"({"summary":"a\u0000b"})");
}

TEST(ParseNotification, KeepsUnknownFieldsOfTheEnvelope) {
  const auto notification = parse_notification(with("/priority", R"({"level":[1,null]})"), {});
  ASSERT_TRUE(notification);
  EXPECT_EQ(notification->unknown_fields, R"({"priority":{"level":[1,null]}})");
}

TEST(ParseNotification, KeepsUnknownFieldsOfTheResourceUnderItsName) {
  const auto notification = parse_notification(with("/resource/key_version", "\"新\""), {});
  ASSERT_TRUE(notification);
  EXPECT_EQ(notification->unknown_fields, R"({"resource":{"key_version":"新"}})");
}

TEST(ParseNotification, SaysWhatKeepsTheBodyFromBeingJson) {
  expect_problem("<xml/>", EnvelopeError::kJson,
                 "the body is not a JSON object: it is not well-formed JSON in UTF-8");
  expect_problem("[]", EnvelopeError::kJson,
                 "the body is not a JSON object: it is JSON of another type");
  expect_problem(R"({"id":"a","id":"b"})", EnvelopeError::kJson,
                 "the body is not a JSON object: it has an object that names a key twice");
}

}  // namespace
}  // namespace couponhook::handlers
