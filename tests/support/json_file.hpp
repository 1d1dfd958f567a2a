#pragma once

/// \file
/// Test vectors in JSON.

#include <fstream>
#include <iterator>
#include <stdexcept>
#include <string>

#include <rapidjson/document.h>
#include "support/parse_json.hpp"

namespace couponhook::support {

/// \throws std::runtime_error where there is no such file, or no JSON object in it.
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

/// The text of a member, or `otherwise` where there is no such member.
inline std::string text_of(const rapidjson::Value& object, const char* name,
                           const std::string& otherwise = {}) {
  const auto member = object.FindMember(name);
  if (member == object.MemberEnd()) return otherwise;
  return {member->value.GetString(), member->value.GetStringLength()};
}

}  // namespace couponhook::support
