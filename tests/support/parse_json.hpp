#pragma once

/// \file
/// JSON for tests to look into.

#include <string_view>

#include <rapidjson/document.h>

namespace couponhook::support {

/// By length: a view need not end in a NUL byte.
inline rapidjson::Document parse_json(std::string_view text) {
  rapidjson::Document document;
  document.Parse(text.data(), text.size());
  return document;
}

}  // namespace couponhook::support
