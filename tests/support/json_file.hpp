#pragma once

/// \file
/// Reads JSON files that contain test vectors (inputs with expected results).

#include <fstream>
#include <iterator>
#include <stdexcept>
#include <string>

#include <rapidjson/document.h>
#include "support/parse_json.hpp"

namespace couponhook::support {

/// Reads and parses one JSON file. Returns the parsed JSON document.
/// \throws std::runtime_error if the file does not exist or does not contain a JSON object.
inline rapidjson::Document read_json(const std::string& path) {
  std::ifstream file{path, std::ios::binary};
  const std::string text{std::istreambuf_iterator<char>{file}, {}};
  rapidjson::Document document;
  document = parse_json(text);
  if (document.HasParseError() || !document.IsObject()) {
    throw std::runtime_error("no JSON object in " + path);
  }
  return document;
}

/// Returns the string member `name` of a JSON object, or `otherwise` if there is no such member.
inline std::string text_of(const rapidjson::Value& object, const char* name,
                           const std::string& otherwise = {}) {
  const auto member = object.FindMember(name);
  if (member == object.MemberEnd()) return otherwise;
  return {member->value.GetString(), member->value.GetStringLength()};
}

}  // namespace couponhook::support
