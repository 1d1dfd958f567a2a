#include "handlers/notification.hpp"

#include <algorithm>
#include <cstddef>
#include <iterator>
#include <limits>
#include <optional>
#include <vector>

#include <rapidjson/stringbuffer.h>
#include <rapidjson/writer.h>

#include "handlers/event_type.hpp"

namespace couponhook::handlers {
namespace {

using rapidjson::Value;

bool is_identifier(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) { return c > ' ' && c <= '~'; });
}

bool is_event_type(std::string_view text) {
  return std::all_of(text.begin(), text.end(), is_event_type_char);
}

/// Returns true if a database can store the text: databases cannot store a NUL character in a text.
bool is_storable(std::string_view text) {
  return text.find('\0') == std::string_view::npos;
}

enum class Role : std::uint8_t {
  kRequired,  ///< the field is required in a notification, and its value must satisfy its rule
  /// The field is optional in a notification, but if it is present, its value must satisfy its
  /// rule.
  kCheckedIfPresent,
  /// The field only describes the notification. A value that breaks the field's rule is kept in
  /// unknown_fields.
  kInformative,
};
using enum Role;

/// The rule for one string field of a notification or of its resource (encrypted part).
template <typename Owner>
struct FieldRule {
  std::string_view name;
  std::string Owner::*member;
  Role role;
  std::size_t bytes_max;
  bool (*is_allowed)(std::string_view);
};

constexpr std::size_t kShortBytesMax = 64;
constexpr std::size_t kLongBytesMax = 1024;
/// Value of FieldRule::bytes_max for a field of a notification that needs no length limit: the HTTP
/// server limits the whole body, and the decryption checks the length of the encrypted parts.
constexpr std::size_t kNoLimit = std::numeric_limits<std::size_t>::max();

constexpr FieldRule<Notification> kEnvelopeRules[] = {
    {"id", &Notification::id, kRequired, kShortBytesMax, is_identifier},
    {"event_type", &Notification::event_type, kRequired, kShortBytesMax, is_event_type},
    {"create_time", &Notification::create_time, kInformative, kShortBytesMax, is_storable},
    {"resource_type", &Notification::resource_type, kInformative, kLongBytesMax, is_storable},
    {"summary", &Notification::summary, kInformative, kLongBytesMax, is_storable},
};

constexpr FieldRule<SealedResource> kResourceRules[] = {
    {"algorithm", &SealedResource::algorithm, kRequired, kLongBytesMax, is_storable},
    {"nonce", &SealedResource::nonce, kRequired, kNoLimit, is_storable},
    {"associated_data", &SealedResource::associated_data, kCheckedIfPresent, kNoLimit, is_storable},
    {"ciphertext", &SealedResource::ciphertext, kRequired, kNoLimit, is_storable},
    {"original_type", &SealedResource::original_type, kInformative, kLongBytesMax, is_storable},
};

constexpr const char* kResource = "resource";

using Problem = std::optional<EnvelopeProblem>;

EnvelopeProblem problem(EnvelopeError error, std::string_view field, std::string_view what) {
  return {error, std::string(field).append(what)};
}

/// Returns the value of a JSON field; null if the field is missing or is JSON null. Both mean the
/// same in WeChat Pay's notifications.
const Value* find(const Value& object, std::string_view name) {
  const Value key(rapidjson::StringRef(name.data(), static_cast<rapidjson::SizeType>(name.size())));
  const auto member = object.FindMember(key);
  return member == object.MemberEnd() || member->value.IsNull() ? nullptr : &member->value;
}

/// Checks the value of a field that is present in the notification.
/// \return an error if the value breaks the rule of the field; nothing if the value is good.
template <typename Owner>
Problem check_value(const Value& value, const FieldRule<Owner>& rule) {
  if (!value.IsString()) return problem(EnvelopeError::kFieldType, rule.name, " is not a string");
  const std::string_view text(value.GetString(), value.GetStringLength());
  if (text.size() > rule.bytes_max) {
    return problem(EnvelopeError::kFieldValue, rule.name, " is too long");
  }
  if (!rule.is_allowed(text)) {
    return problem(EnvelopeError::kFieldValue, rule.name, " has characters that are not allowed");
  }
  return {};
}

template <typename Owner>
Problem read_field(const Value& object, const FieldRule<Owner>& rule, Owner& owner) {
  const Value* value = find(object, rule.name);
  if (value != nullptr) {
    if (Problem found = check_value(*value, rule))
      return rule.role == kInformative ? Problem() : found;
    owner.*rule.member = std::string_view(value->GetString(), value->GetStringLength());
  }
  if (rule.role == kRequired && (owner.*rule.member).empty()) {
    return problem(EnvelopeError::kFieldMissing, rule.name, " is missing");
  }
  return {};
}

template <typename Owner, std::size_t kCount>
Problem read_fields(const Value& object, const FieldRule<Owner> (&rules)[kCount], Owner& owner) {
  for (const auto& rule : rules) {
    if (Problem found = read_field(object, rule, owner)) return found;
  }
  return {};
}

/// Returns true if a JSON field of a notification needs no place in unknown_fields: it is null, or
/// its value was stored in a member of Notification or SealedResource.
template <typename Owner, std::size_t kCount>
bool is_known(const Value::Member& field, const FieldRule<Owner> (&rules)[kCount]) {
  const std::string_view name(field.name.GetString(), field.name.GetStringLength());
  return std::any_of(std::begin(rules), std::end(rules), [&](const auto& rule) {
    return rule.name == name && (field.value.IsNull() || !check_value(field.value, rule));
  });
}

using Members = std::vector<const Value::Member*>;

template <typename Owner, std::size_t kCount>
Members unknown_members(const Value& object, const FieldRule<Owner> (&rules)[kCount]) {
  Members unknown;
  for (const auto& field : object.GetObject()) {
    if (!is_known(field, rules)) unknown.push_back(&field);
  }
  return unknown;
}

/// Returns a JSON object with all fields of the notification and its resource that were not stored
/// in a member of Notification or SealedResource; empty if there are no such fields.
std::string unknown_fields(const Value& envelope, const Value& resource) {
  Members of_envelope = unknown_members(envelope, kEnvelopeRules);
  std::erase_if(of_envelope, [](const auto* field) { return field->name == kResource; });
  const Members of_resource = unknown_members(resource, kResourceRules);
  if (of_envelope.empty() && of_resource.empty()) return {};

  rapidjson::StringBuffer text;
  rapidjson::Writer<rapidjson::StringBuffer> writer(text);
  const auto write_all = [&](const Members& fields) {
    for (const auto* field : fields) {
      field->name.Accept(writer);
      field->value.Accept(writer);
    }
  };
  writer.StartObject();
  write_all(of_envelope);
  if (!of_resource.empty()) {
    writer.Key(kResource);
    writer.StartObject();
    write_all(of_resource);
    writer.EndObject();
  }
  writer.EndObject();
  return {text.GetString(), text.GetSize()};
}

}  // namespace

boost::system::result<Notification, EnvelopeProblem> parse_notification(
    std::string_view body, const base::JsonLimits& limits) {
  const auto envelope = base::parse_object(body, limits);
  if (!envelope) {
    return problem(EnvelopeError::kJson,
                   "the body is not a JSON object: ", describe(envelope.error()));
  }
  Notification notification;
  if (Problem found = read_fields(*envelope, kEnvelopeRules, notification)) return *found;

  const Value* resource = find(*envelope, kResource);
  if (resource == nullptr) {
    return problem(EnvelopeError::kFieldMissing, kResource, " is missing");
  }
  if (!resource->IsObject()) {
    return problem(EnvelopeError::kFieldType, kResource, " is not an object");
  }
  if (Problem found = read_fields(*resource, kResourceRules, notification.resource)) {
    return problem(found->error, "resource.", found->message);
  }

  notification.unknown_fields = unknown_fields(*envelope, *resource);
  return notification;
}

}  // namespace couponhook::handlers
