#pragma once

/// \file
/// Converts a RapidJSON value to JSON text. Internal header: only sandbox/local/ includes it.

#include <string>

#include <rapidjson/document.h>
#include <rapidjson/stringbuffer.h>
#include <rapidjson/writer.h>

namespace couponhook::server {

inline std::string to_text(const rapidjson::Value& value) {
  rapidjson::StringBuffer text;
  rapidjson::Writer<rapidjson::StringBuffer> writer(text);
  value.Accept(writer);
  return {text.GetString(), text.GetSize()};
}

}  // namespace couponhook::server
