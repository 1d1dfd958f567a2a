#pragma once

/// \file
/// Finds captured requests in JSON of unknown form.

#include <string>
#include <string_view>
#include <vector>

#include <rapidjson/document.h>

#include "server/capture/read_capture.hpp"

namespace couponhook::server {

[[nodiscard]] inline std::string_view text_of(const rapidjson::Value& text) {
  return {text.GetString(), text.GetStringLength()};
}

/// Returns the value as compact JSON.
[[nodiscard]] std::string json_text(const rapidjson::Value& value);

/// Searches a JSON value, to any depth, for the signed headers and the body of requests: documents
/// of Postman and Charles, records of Elasticsearch, log lines of Docker, Caddy and pino. A list of
/// objects is taken for a list of requests.
/// \param source see parse_captures().
/// \return the requests whose signature and body were found.
[[nodiscard]] std::vector<CapturedRequest> search_json(const rapidjson::Value& value,
                                                       const std::string& source);

}  // namespace couponhook::server
