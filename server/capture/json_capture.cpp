#include <algorithm>
#include <array>

#include <rapidjson/document.h>

#include "base/ascii.hpp"
#include "base/base64.hpp"
#include "base/json.hpp"
#include "server/capture/json_search.hpp"
#include "server/capture/read_capture.hpp"

namespace couponhook::server {
namespace {

using rapidjson::Value;

/// Limits of a file with captured requests. A HAR file of a browser has far more values than a
/// notification.
constexpr base::JsonLimits kLimits{64, 5'000'000};

/// Compares names of members without case, '_' and '-'.
bool is_name(std::string_view name, std::string_view wanted) {
  std::string letters;
  for (const char c : name) {
    if (base::is_alphanumeric(c)) letters += base::to_lower(c);
  }
  return letters == wanted;
}

/// Returns the first member of an object whose name is one of `names`, in the order of `names`;
/// null if there is none.
template <std::size_t N>
const Value* find_member(const Value& object, const std::array<std::string_view, N>& names) {
  for (const std::string_view wanted : names) {
    for (const auto& member : object.GetObject()) {
      if (is_name(text_of(member.name), wanted) && !member.value.IsNull()) return &member.value;
    }
  }
  return nullptr;
}

constexpr std::array<std::string_view, 5> kHeaderNames{"headers", "header", "requestheaders",
                                                       "multivalueheaders", "server"};
constexpr std::array<std::string_view, 9> kBodyNames{"rawbody",    "requestbody", "body",
                                                     "bodybase64", "postdata",    "payload",
                                                     "content",    "data",        "text"};
constexpr std::array<std::string_view, 6> kTargetNames{"url",     "requesturi", "uri",
                                                       "rawpath", "path",       "request"};
constexpr std::array<std::string_view, 2> kBase64Names{"isbase64encoded", "encoding"};
constexpr std::array<std::string_view, 3> kMethodNames{"method", "httpmethod", "requestmethod"};

/// Adds a header. Frameworks write a header as a text, a number, or a list of texts.
void add_header(std::string_view name, const Value& value, CapturedRequest& request) {
  if (value.IsArray()) {
    for (const Value& each : value.GetArray()) add_header(name, each, request);
  } else if (value.IsString()) {
    request.headers.emplace_back(canonical_header(name), text_of(value));
  } else if (value.IsInt64()) {
    request.headers.emplace_back(canonical_header(name), std::to_string(value.GetInt64()));
  }
}

void take_headers(const Value& headers, CapturedRequest& request) {
  if (headers.IsObject()) {
    for (const auto& member : headers.GetObject()) {
      add_header(text_of(member.name), member.value, request);
    }
  } else if (headers.IsArray()) {
    for (const Value& pair : headers.GetArray()) {
      if (pair.IsObject() && pair.HasMember("name") && pair.HasMember("value") &&
          pair["name"].IsString()) {
        add_header(text_of(pair["name"]), pair["value"], request);
      } else if (pair.IsArray() && pair.Size() == 2 && pair[0].IsString()) {
        add_header(text_of(pair[0]), pair[1], request);
      }
    }
  }
}

bool is_base64(const Value& object, const Value* body) {
  const Value* const mark = find_member(object, kBase64Names);
  const bool is_marked = mark != nullptr && ((mark->IsBool() && mark->GetBool()) ||
                                             (mark->IsString() && text_of(*mark) == "base64"));
  const auto named = object.FindMember("body_base64");
  return is_marked || (named != object.MemberEnd() && &named->value == body);
}

void take_body(const Value& object, CapturedRequest& request) {
  const Value* const body = find_member(object, kBodyNames);
  if (body == nullptr) return;
  if (body->IsObject() && body->HasMember("text")) {  // postData of a HAR file
    take_body(*body, request);
  } else if (body->IsString()) {
    request.body = text_of(*body);
    if (is_base64(object, body)) {
      if (auto decoded = base::base64_decode(request.body)) request.body = std::move(*decoded);
    }
  } else {
    // The capture holds the parsed body, whose layout is lost.
    request.body = json_text(*body);
  }
}

void take_target(const Value& object, CapturedRequest& request) {
  if (const Value* method = find_member(object, kMethodNames); method && method->IsString()) {
    request.method = text_of(*method);
  }
  const Value* const target = find_member(object, kTargetNames);
  if (target == nullptr || !target->IsString()) return;
  std::string_view text = text_of(*target);
  // nginx's $request holds the whole request line.
  if (const auto blank = text.find(' '); blank != std::string_view::npos) {
    request.method = text.substr(0, blank);
    text = text.substr(blank + 1, text.find(' ', blank + 1) - blank - 1);
  }
  if (const auto scheme = text.find("://"); scheme != std::string_view::npos) {
    const auto path = text.find('/', scheme + 3);
    text = path == std::string_view::npos ? "/" : text.substr(path);
  }
  request.target = text;
}

void read_object(const Value& object, const std::string& source,
                 std::vector<CapturedRequest>& requests);

void read_list(const Value& list, const std::string& source,
               std::vector<CapturedRequest>& requests) {
  for (rapidjson::SizeType i = 0; i < list.Size(); ++i) {
    if (list[i].IsObject()) {
      read_object(list[i], source + "#" + std::to_string(i + 1), requests);
    }
  }
  // A browser's HAR file also holds requests that have nothing to do with WeChat Pay.
  if (std::ranges::any_of(requests, is_signed)) {
    std::erase_if(requests, [](const CapturedRequest& request) { return !is_signed(request); });
  }
}

void read_object(const Value& object, const std::string& source,
                 std::vector<CapturedRequest>& requests) {
  const auto log = object.FindMember("log");
  if (log != object.MemberEnd() && log->value.IsObject() && log->value.HasMember("entries") &&
      log->value["entries"].IsArray()) {
    return read_list(log->value["entries"], source, requests);
  }
  const auto inner = object.FindMember("request");
  if (inner != object.MemberEnd() && inner->value.IsObject()) {
    read_object(inner->value, source, requests);
    if (!requests.empty() && object.HasMember("startedDateTime")) requests.back().form = "HAR";
    return;
  }
  CapturedRequest request;
  request.source = source;
  request.form = "JSON";
  if (const Value* headers = find_member(object, kHeaderNames)) take_headers(*headers, request);
  for (const auto& member : object.GetObject()) {
    if (is_signed_header(text_of(member.name))) {
      add_header(text_of(member.name), member.value, request);
    }
  }
  take_body(object, request);
  take_target(object, request);
  if (is_signed(request) || (!request.headers.empty() && !request.body.empty())) {
    requests.push_back(std::move(request));
  }
}

}  // namespace

std::vector<CapturedRequest> parse_json_capture(const std::string& source, std::string_view text) {
  std::vector<CapturedRequest> requests;
  const auto first = text.find_first_not_of(" \t\r\n");
  if (first == std::string_view::npos) return requests;
  const bool is_list = text[first] == '[';
  const auto document = base::parse_object(
      is_list ? "{\"list\":" + std::string(text) + "}" : std::string(text), kLimits);
  if (!document) return requests;
  const Value& value = is_list ? document->value()["list"] : document->value();
  if (is_list) {
    read_list(value, source, requests);
  } else {
    read_object(value, source, requests);
  }
  if (std::ranges::none_of(requests, is_complete)) {
    auto found = search_json(value, source);
    if (!found.empty()) return found;
  }
  return requests;
}

}  // namespace couponhook::server
