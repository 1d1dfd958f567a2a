#include "base/json.hpp"

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include <rapidjson/reader.h>

#include "base/byte_words.hpp"
#include "base/utf8.hpp"

namespace couponhook::base {
namespace {

/// RapidJSON's stream for parsing inside a string. Knows the end of the text, so that the parser
/// can look at several bytes of a JSON string at once.
struct InsituText : rapidjson::InsituStringStream {
  explicit InsituText(std::string& text)
      : GenericInsituStringStream(text.data()), end(text.data() + text.size()) {}

  const char* end;
};

/// Returns the number of bytes at the start of `text`, a part of a JSON string, that stand for
/// themselves: up to a quote, a backslash, or a control character, which JSON forbids there.
std::size_t plain_size(std::string_view text) {
  std::size_t size = unmarked_size(text, [](std::uint64_t word) {
    return mark_below(word, 0x20) | mark_equal(word, '"') | mark_equal(word, '\\');
  });
  while (size < text.size() && static_cast<unsigned char>(text[size]) >= 0x20 &&
         text[size] != '"' && text[size] != '\\') {
    ++size;
  }
  return size;
}

}  // namespace
}  // namespace couponhook::base

namespace rapidjson {

// Lets RapidJSON's parser keep the stream in registers.
template <>
struct StreamTraits<couponhook::base::InsituText> {
  enum { copyOptimization = 1 };
};

// RapidJSON calls this function for a fast scan of a string, before it looks at the next byte
// itself. Without it, strings are half of the cost of parsing a notification. RapidJSON's own
// versions, for SIMD instructions, accept the control characters 0x1A to 0x1F.
template <>
template <>
inline void Reader::ScanCopyUnescapedString(couponhook::base::InsituText& in,
                                            couponhook::base::InsituText& /*out*/) {
  const std::string_view text(in.src_, static_cast<std::size_t>(in.end - in.src_));
  const std::size_t size = couponhook::base::plain_size(text);
  // Behind an escape, the text moves to the front, because an escape is longer than its character.
  if (in.dst_ != in.src_) std::memmove(in.dst_, in.src_, size);
  in.src_ += size;
  in.dst_ += size;
}

}  // namespace rapidjson

namespace couponhook::base {
namespace {

using rapidjson::Document;
using rapidjson::SizeType;
using rapidjson::Value;

/// Returns true if the text contains a surrogate (one half of a UTF-16 pair) as UTF-8 bytes. From
/// the escape "\udc00" alone, RapidJSON makes the bytes ED B0 80, which are not valid UTF-8. The
/// JSON text was valid UTF-8 before parsing, so such bytes come only from an escape.
bool has_surrogate(std::string_view text) {
  for (auto at = text.find('\xED'); at != std::string_view::npos; at = text.find('\xED', at + 1)) {
    if (at + 1 < text.size() && static_cast<unsigned char>(text[at + 1]) >= 0xA0) return true;
  }
  return false;
}

/// Receives the values that RapidJSON's parser reads (a SAX handler), and passes them to the JSON
/// document that is built. Stops the parser when a limit of JsonLimits is exceeded, before the
/// value beyond the limit is built.
class LimitedBuilder {
 public:
  LimitedBuilder(Document& document, const JsonLimits& limits, bool has_escapes)
      : document_(document), limits_(limits), has_escapes_(has_escapes) {}

  /// Returns the limit that was exceeded and stopped the parser; nothing if the text is within all
  /// limits.
  [[nodiscard]] std::optional<JsonError> exceeded() const { return exceeded_; }

  bool Null() { return count() && document_.Null(); }
  bool Bool(bool value) { return count() && document_.Bool(value); }
  bool Int(int value) { return count() && document_.Int(value); }
  bool Uint(unsigned value) { return count() && document_.Uint(value); }
  bool Int64(std::int64_t value) { return count() && document_.Int64(value); }
  bool Uint64(std::uint64_t value) { return count() && document_.Uint64(value); }
  bool Double(double value) { return count() && document_.Double(value); }
  bool RawNumber(const char* text, SizeType length, bool copy) {
    return count() && document_.RawNumber(text, length, copy);
  }
  bool String(const char* text, SizeType length, bool copy) {
    return count() && is_unicode({text, length}) && document_.String(text, length, copy);
  }
  bool Key(const char* text, SizeType length, bool copy) {
    return is_unicode({text, length}) && document_.Key(text, length, copy);
  }
  bool StartObject() { return count() && descend() && document_.StartObject(); }
  bool EndObject(SizeType members) { return ascend() && document_.EndObject(members); }
  bool StartArray() { return count() && descend() && document_.StartArray(); }
  bool EndArray(SizeType elements) { return ascend() && document_.EndArray(elements); }

 private:
  bool count() {
    if (++values_ > limits_.values_max) exceeded_ = JsonError::kTooMany;
    return !exceeded_;
  }
  bool descend() {
    if (++depth_ > limits_.depth_max) exceeded_ = JsonError::kTooDeep;
    return !exceeded_;
  }
  bool ascend() {
    --depth_;
    return true;
  }
  [[nodiscard]] bool is_unicode(std::string_view text) const {
    return !has_escapes_ || !has_surrogate(text);
  }

  Document& document_;
  const JsonLimits& limits_;
  bool has_escapes_;
  std::size_t values_ = 0;
  std::size_t depth_ = 0;
  std::optional<JsonError> exceeded_;
};

std::string_view key_of(const Value::Member& member) {
  return {member.name.GetString(), member.name.GetStringLength()};
}

bool has_equal_pair(std::span<const std::string_view> keys) {
  for (std::size_t i = 1; i < keys.size(); ++i) {
    const auto before = keys.first(i);
    if (std::find(before.begin(), before.end(), keys[i]) != before.end()) return true;
  }
  return false;
}

/// Returns true if a JSON object has the same key twice. In small objects, which are usual, keys
/// are compared pair by pair without allocating memory. The keys of larger objects are sorted, so
/// that the cost does not grow with the square of the number of keys.
bool names_a_key_twice(const Value& object) {
  constexpr std::size_t kPairwiseMax = 24;
  const auto begin = object.MemberBegin();
  const auto end = object.MemberEnd();
  if (object.MemberCount() <= kPairwiseMax) {
    std::array<std::string_view, kPairwiseMax> few;
    std::transform(begin, end, few.begin(), key_of);
    return has_equal_pair(std::span(few).first(object.MemberCount()));
  }
  std::vector<std::string_view> many(object.MemberCount());
  std::transform(begin, end, many.begin(), key_of);
  std::sort(many.begin(), many.end());
  return std::adjacent_find(many.begin(), many.end()) != many.end();
}

/// Returns true if a JSON value contains an object with a duplicate key, at any depth. The function
/// calls itself for nested values. The parser has already limited the depth of nesting, so the
/// stack cannot overflow.
bool has_duplicate_key(const Value& value) {
  if (value.IsArray()) return std::any_of(value.Begin(), value.End(), has_duplicate_key);
  if (!value.IsObject()) return false;
  return names_a_key_twice(value) ||
         std::any_of(value.MemberBegin(), value.MemberEnd(),
                     [](const Value::Member& member) { return has_duplicate_key(member.value); });
}

}  // namespace

std::string_view describe(JsonError error) {
  switch (error) {
    case JsonError::kSyntax:
      return "it is not well-formed JSON in UTF-8";
    case JsonError::kTooDeep:
      return "it is nested too deeply";
    case JsonError::kTooMany:
      return "it has too many values";
    case JsonError::kDuplicateKey:
      return "it has an object that names a key twice";
    case JsonError::kNotObject:
      return "it is JSON of another type";
  }
  return "it is not acceptable";
}

/// The memory of a JsonObject. RapidJSON's parser decodes escapes inside the string `text` itself,
/// and string values stay there. All other values of a usual notification fit into the array
/// `first_chunk`.
struct JsonObject::Storage {
  explicit Storage(std::string_view content) : text(content) {}

  /// Initial size, in bytes, of the stack on which RapidJSON builds unfinished objects. RapidJSON's
  /// own default is smaller, and RapidJSON copies the whole stack each time it grows.
  static constexpr std::size_t kStackBytes = 4096;

  std::string text;  // the JSON text to parse; ends with a NUL byte, as RapidJSON requires
  alignas(std::max_align_t) std::array<char, 4096> first_chunk;
  Document::AllocatorType allocator{first_chunk.data(), first_chunk.size()};
  Document document{&allocator, kStackBytes};
};

JsonObject::JsonObject(std::unique_ptr<Storage> storage) : storage_(std::move(storage)) {}
JsonObject::JsonObject(JsonObject&&) noexcept = default;
JsonObject& JsonObject::operator=(JsonObject&&) noexcept = default;
JsonObject::~JsonObject() = default;

const Document& JsonObject::value() const {
  return storage_->document;
}

boost::system::result<JsonObject, JsonError> parse_object(std::string_view text,
                                                          const JsonLimits& limits) {
  // Refuse a text that contains a NUL byte. RapidJSON treats a NUL byte as the end of the text and
  // would ignore the bytes after the NUL byte.
  if (text.find('\0') != std::string_view::npos || !is_utf8(text)) return JsonError::kSyntax;

  auto storage = std::make_unique<JsonObject::Storage>(text);
  Document& document = storage->document;
  std::optional<JsonError> error;
  const auto parse = [&](Document& target) {
    constexpr unsigned kFlags = rapidjson::kParseIterativeFlag | rapidjson::kParseInsituFlag;
    InsituText stream(storage->text);
    rapidjson::Reader reader;
    LimitedBuilder builder(target, limits, text.find('\\') != std::string_view::npos);
    if (reader.Parse<kFlags>(stream, builder).IsError()) {
      error = builder.exceeded().value_or(JsonError::kSyntax);
    }
    return !error;
  };
  document.Populate(parse);
  if (error) return *error;
  if (!document.IsObject()) return JsonError::kNotObject;
  if (has_duplicate_key(document)) return JsonError::kDuplicateKey;
  return JsonObject(std::move(storage));
}

}  // namespace couponhook::base
