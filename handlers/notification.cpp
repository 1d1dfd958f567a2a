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

bool is_visible_ascii(char c) {
  return c > ' ' && c <= '~';
}

/// Databases keep any text but one with a NUL in it.
bool is_text_byte(char c) {
  return c != '\0';
}

enum class Presence : std::uint8_t { kRequired, kOptional };

/// One string field of the envelope, and what is asked of it.
template <typename Owner>
struct FieldRule {
  std::string_view path;  ///< as it is named in problems: "resource.nonce"
  std::string Owner::*member;
  Presence presence;
  std::size_t bytes_max;
  bool (*is_allowed)(char);

  [[nodiscard]] std::string_view name() const { return path.substr(path.rfind('.') + 1); }
};

constexpr std::size_t kIdentifierBytesMax = 64;
constexpr std::size_t kTextBytesMax = 1024;
/// The listener limits the whole body, and the cipher judges what is sealed.
constexpr std::size_t kNoLimit = std::numeric_limits<std::size_t>::max();

constexpr FieldRule<Notification> kEnvelopeRules[] = {
    {"id", &Notification::id, Presence::kRequired, kIdentifierBytesMax, is_visible_ascii},
    {"event_type", &Notification::event_type, Presence::kRequired, kIdentifierBytesMax,
     is_event_type_char},
    {"create_time", &Notification::create_time, Presence::kOptional, kIdentifierBytesMax,
     is_text_byte},
    {"resource_type", &Notification::resource_type, Presence::kOptional, kTextBytesMax,
     is_text_byte},
    {"summary", &Notification::summary, Presence::kOptional, kTextBytesMax, is_text_byte},
};

constexpr FieldRule<SealedResource> kResourceRules[] = {
    {"resource.algorithm", &SealedResource::algorithm, Presence::kRequired, kTextBytesMax,
     is_text_byte},
    {"resource.nonce", &SealedResource::nonce, Presence::kRequired, kNoLimit, is_text_byte},
    {"resource.associated_data", &SealedResource::associated_data, Presence::kOptional, kNoLimit,
     is_text_byte},
    {"resource.ciphertext", &SealedResource::ciphertext, Presence::kRequired, kNoLimit,
     is_text_byte},
    {"resource.original_type", &SealedResource::original_type, Presence::kOptional, kTextBytesMax,
     is_text_byte},
};

constexpr const char* kResource = "resource";

using Problem = std::optional<EnvelopeProblem>;

EnvelopeProblem problem(EnvelopeError error, std::string_view path, std::string_view what) {
  return {error, std::string(path).append(what)};
}

/// \return the field's value, or null where it is missing or null: WeChat Pay means the same by
/// both.
const Value* find(const Value& object, std::string_view name) {
  const Value key(rapidjson::StringRef(name.data(), static_cast<rapidjson::SizeType>(name.size())));
  const auto member = object.FindMember(key);
  return member == object.MemberEnd() || member->value.IsNull() ? nullptr : &member->value;
}

template <typename Owner>
Problem read_field(const Value& object, const FieldRule<Owner>& rule, Owner& owner) {
  const Value* value = find(object, rule.name());
  if (value != nullptr && !value->IsString()) {
    return problem(EnvelopeError::kFieldType, rule.path, " is not a string");
  }
  if (value == nullptr || value->GetStringLength() == 0) {
    if (rule.presence == Presence::kOptional) return {};
    return problem(EnvelopeError::kFieldMissing, rule.path, " is missing");
  }
  const std::string_view text(value->GetString(), value->GetStringLength());
  if (text.size() > rule.bytes_max) {
    return problem(EnvelopeError::kFieldValue, rule.path, " is too long");
  }
  if (!std::all_of(text.begin(), text.end(), rule.is_allowed)) {
    return problem(EnvelopeError::kFieldValue, rule.path, " has characters it cannot have");
  }
  owner.*rule.member = text;
  return {};
}

template <typename Owner, std::size_t kCount>
Problem read_fields(const Value& object, const FieldRule<Owner> (&rules)[kCount], Owner& owner) {
  for (const auto& rule : rules) {
    if (Problem found = read_field(object, rule, owner)) return found;
  }
  return {};
}

template <typename Owner, std::size_t kCount>
bool is_known(const Value::Member& field, const FieldRule<Owner> (&rules)[kCount]) {
  const std::string_view name(field.name.GetString(), field.name.GetStringLength());
  return std::any_of(std::begin(rules), std::end(rules),
                     [&](const auto& rule) { return rule.name() == name; });
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

/// \return what the rules do not know, as a JSON object; empty where they know everything.
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

boost::system::result<Notification, EnvelopeProblem> parse_notification(std::string_view body,
                                                                        const JsonLimits& limits) {
  const auto envelope = parse_object(body, limits);
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
  if (Problem found = read_fields(*resource, kResourceRules, notification.resource)) return *found;

  notification.unknown_fields = unknown_fields(*envelope, *resource);
  return notification;
}

}  // namespace couponhook::handlers
