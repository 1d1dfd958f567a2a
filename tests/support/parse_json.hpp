#pragma once

/// \file
/// Parses JSON text for tests.

#include <string_view>

#include <rapidjson/document.h>

namespace couponhook::support {

/// Parses JSON text with RapidJSON and returns the document. The length of the text is passed on,
/// because a std::string_view need not end with a NUL byte.
inline rapidjson::Document parse_json(std::string_view text) {
  rapidjson::Document document;
  document.Parse(text.data(), text.size());
  return document;
}

}  // namespace couponhook::support
