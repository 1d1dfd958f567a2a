#pragma once

/// \file
/// Parses JSON for tests.

#include <string_view>

#include <rapidjson/document.h>

namespace couponhook::support {

/// Parses the text by its length, because a std::string_view need not end in a NUL byte.
inline rapidjson::Document parse_json(std::string_view text) {
  rapidjson::Document document;
  document.Parse(text.data(), text.size());
  return document;
}

}  // namespace couponhook::support
