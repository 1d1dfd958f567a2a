#include "server/capture/json_search.hpp"

#include <algorithm>
#include <initializer_list>
#include <iterator>
#include <utility>

#include <rapidjson/stringbuffer.h>
#include <rapidjson/writer.h>

#include "base/ascii.hpp"
#include "base/base64.hpp"
#include "server/capture/object_extent.hpp"

namespace couponhook::server {
namespace {

using rapidjson::Value;

/// Returns the text of a member with one of these names; empty if there is none.
std::string_view text_member(const Value& object, std::initializer_list<const char*> names) {
  for (const char* name : names) {
    const auto found = object.FindMember(name);
    if (found != object.MemberEnd() && found->value.IsString()) return text_of(found->value);
  }
  return {};
}

/// Collects headers and body from wherever they stand in a JSON value.
class Collector {
 public:
  explicit Collector(CapturedRequest& request) : request_(request) {}

  void collect(const Value& value) {
    if (value.IsObject()) {
      take_object(value);
    } else if (value.IsArray()) {
      take_array(value);
    } else if (value.IsString()) {
      take_text(text_of(value));
    }
  }

 private:
  void take_header(std::string_view name, std::string_view value) {
    if (is_signed_header(name) && request_.find(canonical_header(name)).empty()) {
      request_.headers.emplace_back(canonical_header(name), value);
    }
  }

  void take_object(const Value& object) {
    take_header(text_member(object, {"name", "key", "Name", "Key"}),
                text_member(object, {"value", "Value"}));
    take_short_names(object);
    if (request_.body.empty() && is_notification(object)) {
      // The capture holds the parsed body, whose layout is lost.
      request_.body = json_text(object);
      return;
    }
    for (const auto& member : object.GetObject()) {
      const Value& value = member.value;
      const Value& first = value.IsArray() && !value.Empty() ? value[0] : value;
      if (is_signed_header(text_of(member.name)) && first.IsString()) {
        take_header(text_of(member.name), text_of(first));
      } else {
        collect(value);
      }
    }
  }

  /// Takes the names without a prefix that the parameters of SDKs have.
  void take_short_names(const Value& object) {
    const std::string_view signature = text_member(object, {"signature"});
    if (signature.size() < kSignatureMin) return;
    take_header("Wechatpay-Signature", signature);
    take_header("Wechatpay-Timestamp", text_member(object, {"timestamp"}));
    take_header("Wechatpay-Nonce", text_member(object, {"nonce", "nonceStr", "nonce_str"}));
    take_header("Wechatpay-Serial",
                text_member(object, {"serial", "serialNumber", "serialNo", "serial_no"}));
  }

  static bool is_notification(const Value& object) {
    const auto resource = object.FindMember("resource");
    return resource != object.MemberEnd() && resource->value.IsObject() &&
           resource->value.HasMember("ciphertext");
  }

  /// Takes [name, value], [name, value, name, value, …] and ["name: value", …].
  void take_array(const Value& array) {
    for (rapidjson::SizeType i = 0; i < array.Size(); ++i) {
      if (!array[i].IsString()) {
        collect(array[i]);
        continue;
      }
      const std::string_view text = text_of(array[i]);
      const auto colon = text.find(':');
      if (is_signed_header(text) && i + 1 < array.Size() && array[i + 1].IsString()) {
        take_header(text, text_of(array[++i]));
      } else if (colon != std::string_view::npos && is_signed_header(text.substr(0, colon))) {
        const auto value = text.find_first_not_of(" \t", colon + 1);
        if (value != std::string_view::npos) take_header(text.substr(0, colon), text.substr(value));
      } else {
        take_text(text);
      }
    }
  }

  /// Takes the body, or a log line or raw request that a program wrote as a JSON string.
  void take_text(std::string_view text) {
    constexpr std::size_t kTextMin = 20;
    if (text.size() < kTextMin) return;
    std::string decoded;
    if (text.find_first_of(" \"{") == std::string_view::npos) {
      auto plain = base::base64_decode(text);
      if (!plain || plain->find(kCiphertextName) == std::string::npos) return;
      decoded = std::move(*plain);
      text = decoded;
    }
    const bool has_headers = base::lower_case(text).find("wechatpay") != std::string::npos ||
                             text.find(" HTTP/1.") != std::string_view::npos;
    if (has_headers) {
      for (CapturedRequest& inner : parse_captures(request_.source, text)) {
        if (is_complete(inner) && !is_complete(request_)) request_ = std::move(inner);
      }
    } else if (request_.body.empty() && text.find(kCiphertextName) != std::string_view::npos) {
      request_.body = text;
    }
  }

  CapturedRequest& request_;
};

bool is_list_of_objects(const Value& value) {
  return value.IsArray() && !value.Empty() && value[0].IsObject() &&
         text_member(value[0], {"value", "Value"}).empty();
}

void search_lists(const Value& value, const std::string& source,
                  std::vector<CapturedRequest>& requests) {
  if (is_list_of_objects(value)) {
    for (rapidjson::SizeType i = 0; i < value.Size(); ++i) {
      auto found = search_json(value[i], source + "#" + std::to_string(i + 1));
      std::ranges::move(found, std::back_inserter(requests));
    }
  } else if (value.IsObject()) {
    for (const auto& member : value.GetObject()) search_lists(member.value, source, requests);
  }
}

}  // namespace

std::string json_text(const Value& value) {
  rapidjson::StringBuffer buffer;
  rapidjson::Writer<rapidjson::StringBuffer> writer(buffer);
  value.Accept(writer);
  return {buffer.GetString(), buffer.GetSize()};
}

std::vector<CapturedRequest> search_json(const Value& value, const std::string& source) {
  std::vector<CapturedRequest> requests;
  search_lists(value, source, requests);
  if (!requests.empty()) return requests;
  CapturedRequest request;
  request.source = source;
  request.form = "JSON";
  Collector(request).collect(value);
  if (is_complete(request)) requests.push_back(std::move(request));
  return requests;
}

}  // namespace couponhook::server
